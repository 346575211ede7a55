"""What an answer says came of a press. Where it does not say, nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest

from tests.proof.journal import FAIL, OK, UNKNOWN

#: Answers that promise that nothing was changed. 503 does not: "this may or may not have happened".
REFUSED = {400, 403, 404, 409, 422}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    type: str
    #: Of the ticket that the answer names.
    code: str = ""
    #: Its id, where the answer has it too.
    ticket: int | None = None
    #: The event that the desk offers to take back.
    undo: int | None = None
    refusal: str = ""
    status: int = 0


NOTHING = Told(type=UNKNOWN)


def read(answer):
    """`answer` is None if there was none."""
    if answer is None:
        return NOTHING
    if answer.status_code in REFUSED:
        return Told(type=FAIL, refusal=answer.headers.get("X-Refusal", ""), status=answer.status_code)
    if answer.status_code != 302:
        return Told(type=UNKNOWN, status=answer.status_code)
    return of_redirect(answer)


def of_redirect(answer):
    """Every sentence of success begins with the code; only the admin warns of a refusal this way."""
    address = urlsplit(answer.headers["Location"])
    said = messages_of(answer)
    if not said or said[-1].level != messages.SUCCESS:
        return Told(type=FAIL, refusal="signed out" if "sign-in" in address.path else "refused", status=302)
    issued = parse_qs(address.query).get("issued")
    return Told(
        type=OK,
        code=code_in(said[-1].message),
        ticket=int(issued[0]) if issued else None,
        undo=int(said[-1].extra_tags) if said[-1].extra_tags else None,
        status=302,
    )


def messages_of(answer):
    """The notice, which the desk shows with its next page."""
    request = HttpRequest()
    request.COOKIES = answer.cookies.get_dict()
    return list(CookieStorage(request))


def code_in(sentence):
    """ "A-014 is completed.", or "Taken back: A-014 is waiting.\""""
    return sentence.removeprefix("Taken back: ").split()[0]
