"""The one line that says what came of an action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse
from django.utils.translation import gettext as _

from queueing import undoing
from queueing.models import IN_ROOM, Ticket
from queueing.refusals import TicketError


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A refusal has a code, and `link` leads to the way out of it; `undo` is the event that can be taken back."""

    text: str
    code: str = ""
    ticket: Ticket | None = None
    undo: int | None = None
    link: str = ""
    label: str = ""


def done(ticket: Ticket, text: str, at: datetime) -> Notice:
    """What a verb did to a ticket."""
    last = undoing.step(ticket)
    return Notice(text=text, ticket=ticket, undo=last.pk if last and undoing.can_be_undone(last, at) else None)


def refused(user: User | AnonymousUser, refusal: TicketError) -> Notice:
    there = refusal.ticket
    if there and there.status in IN_ROOM and user.is_staff and user.has_perm("queueing.complete_ticket"):
        link = reverse("admin:queueing_ticket_complete", args=[there.pk])
        label = _("Complete %(code)s…") % {"code": there.code}
        return Notice(text=str(refusal), code=refusal.code, link=link, label=label)
    return Notice(text=str(refusal), code=refusal.code)
