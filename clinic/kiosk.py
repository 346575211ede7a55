"""What a kiosk asks, one question after the other, what it offers, and who it is when it issues a ticket.

Nothing is kept between two pages: each carries the answers so far, and what is missing is asked next.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Count, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from clinic.forms import KEY
from queueing import history, tickets, waiting
from queueing.models import Event, Kiosk, Patient, Service, Ticket
from queueing.refusals import TicketError
from queueing.waiting import Range

YES, NO = "yes", "no"
CHOICE = [(YES, YES), (NO, NO)]
#: Each page, and the first field that it asks for: it carries on the answers of those before.
QUESTIONS = {
    "language": "language",
    "service": "service_id",
    "number": "has_number",
    "unknown": "has_number",
    "consent": "show_name",
    "name": "name",
}
#: So many tickets a kiosk may issue in such a time.
LIMIT, PERIOD = 20, timedelta(minutes=5)
#: A ticket is shown again to who presses twice; to who comes later and goes back in the browser, it is not.
SHOWN_AGAIN = timedelta(minutes=1)

#: Rows of the keyboard on the page: the letters of each language.
DIGITS = ["123", "456", "789", "-0"]
LATIN = ["QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"]
LETTERS = {
    "en": ["QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM-'"],
    "es": ["QWERTYUIOP", "ASDFGHJKLÑ", "ZXCVBNM-'", "ÁÉÍÓÚÜ"],
    "fr": ["AZERTYUIOP", "QSDFGHJKLM", "WXCVBN-'", "ÀÂÇÉÈÊËÎÏÔÙÛ"],
    "pt-br": ["QWERTYUIOP", "ASDFGHJKLÇ", "ZXCVBNM-'", "ÁÂÃÀÉÊÍÓÔÕÚ"],
    "ar": ["ضصثقفغعهخحجد", "شسيبلاتنمكطذ", "ئءؤرىةوزظأإآ"],
}


class TooMany(TicketError):
    code = "too_many"


@dataclass(frozen=True, slots=True)
class AtKiosk:
    """A kiosk as one who may issue tickets, and nothing else. No user's name has a space."""

    slug: str

    def get_username(self) -> str:
        return f"kiosk {self.slug}"

    def has_perm(self, perm: str) -> bool:
        return perm == "queueing.issue_ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A service, and what a newcomer would be told. Closed ones have no estimate."""

    service: Service
    ahead: int
    expected: Range | None


def offers() -> list[Offer]:
    waits = Count("tickets", filter=Q(tickets__status=Ticket.Status.WAITING))
    services = list(Service.objects.filter(at_kiosk=True).annotate(ahead=waits).order_by("prefix"))
    paces = waiting.paces([service.pk for service in services])
    return [
        Offer(
            service=service,
            ahead=service.ahead,
            expected=waiting.estimate(ahead=service.ahead, pace=paces[service.pk]) if service.is_open else None,
        )
        for service in services
    ]


def is_open(kiosk: Kiosk, at: datetime) -> bool:
    return kiosk.is_open_at(at) and Service.objects.filter(at_kiosk=True, is_open=True).exists()


def languages(kiosk: Kiosk) -> list[tuple[str, str]]:
    """Code and own name of each that it speaks."""
    names = dict(settings.LANGUAGES)
    return [(code, names[code]) for code in kiosk.languages.split() if code in names] or [settings.LANGUAGES[0]]


class Answers(forms.Form):
    """What somebody has answered so far."""

    language = forms.CharField(max_length=10, required=False)
    service_id = forms.IntegerField(min_value=1, required=False)
    has_number = forms.ChoiceField(choices=CHOICE, required=False)
    reference = forms.CharField(max_length=40, required=False)
    show_name = forms.ChoiceField(choices=CHOICE, required=False)
    name = forms.CharField(max_length=200, required=False)
    key = forms.CharField(max_length=KEY, required=False)

    def __init__(self, sent: QueryDict, kiosk: Kiosk) -> None:
        super().__init__(sent)
        self.kiosk = kiosk
        self.is_valid()

    def given(self, field: str) -> Any:
        """Empty as well where it was wrong."""
        return self.cleaned_data.get(field) or ""

    @cached_property
    def language_code(self) -> str:
        """Empty until somebody chose. A kiosk of one language does not ask."""
        known = [code for code, _name in languages(self.kiosk)]
        return str(known[0] if len(known) == 1 else self.given("language") if self.given("language") in known else "")

    @cached_property
    def service(self) -> Service | None:
        chosen = self.given("service_id")
        return Service.objects.filter(pk=chosen, at_kiosk=True, is_open=True).first() if chosen else None

    @cached_property
    def known(self) -> Patient | None:
        """The patient with the number. People type capitals."""
        typed = self.given("reference")
        return Patient.objects.filter(reference__in=[typed, typed.upper()]).first() if typed else None

    @cached_property
    def press(self) -> str:
        """The key of this visit."""
        return str(self.given("key") or uuid.uuid4().hex)

    @property
    def question(self) -> str:
        """What to ask next; empty when all is answered."""
        if not self.language_code:
            return "language"
        if not self.service:
            return "service"
        if self.given("has_number") != NO and not self.known:
            return "unknown" if self.given("reference") else "number"
        if self.service.names_on_displays and not self.given("show_name"):
            return "consent"
        return "name" if self.given("show_name") == YES and not self.given("name") else ""

    @property
    def wrong(self) -> str:
        """What is wrong with an answer that was given, in words."""
        if self.given("service_id") and not self.service:
            return _("This service is closed now. Please choose another one.")
        if self.errors:
            return _("This was not understood. Please answer again.")
        missing = {"number": "reference", "name": "name"}.get(self.question)
        return _("Please type it, or choose another answer.") if missing in self.data else ""

    def so_far(self, question: str) -> list[tuple[str, str]]:
        """What the page of this question carries on."""
        fields = list(self.fields)
        before = fields[: fields.index(QUESTIONS[question])]
        found = [(field, str(self.given(field))) for field in before if self.given(field)]
        return [*found, ("key", self.press)]

    def patient(self) -> Patient | None:
        """Whom the ticket is for. Whoever only knows somebody's number cannot put that name on the screen."""
        agrees, name = self.given("show_name") == YES, self.given("name")
        if self.known is None or self.given("has_number") == NO:
            return Patient(name=name, show_name=True) if agrees else None
        if self.service and self.service.names_on_displays:
            self.known.show_name = agrees and _same(name, self.known.name)
        return self.known


def issue(answers: Answers, at: datetime) -> Ticket:
    """A ticket for what was answered.

    :raises TooMany: if the kiosk has issued too many just now
    :raises TicketError: as `queueing.tickets.issue` does
    """
    assert answers.service  # noqa: S101  # else it would still be asked for
    actor, key = AtKiosk(answers.kiosk.slug), f"{answers.press}-kiosk"
    if not history.find(key) and _issued(actor, at) >= LIMIT:
        raise TooMany(_("Too many tickets were taken here just now. Please wait a few minutes, or go to the desk."))
    return tickets.issue(service_id=answers.service.pk, patient=answers.patient(), key=key, actor=actor, at=at)


def _issued(actor: AtKiosk, at: datetime) -> int:
    """Tickets of the last minutes by this kiosk: in one statement, over the tickets of a day and the events of each."""
    recent = Ticket.objects.filter(day__gte=timezone.localdate(at - PERIOD), issued_at__gt=at - PERIOD)
    events = Event.objects.filter(model=Ticket._meta.label_lower, object_id__in=recent.values("pk"))
    return events.filter(verb="ticket.issued", actor=actor.get_username()).count()


def _same(one: str, other: str) -> bool:
    return one.casefold().split() == other.casefold().split()
