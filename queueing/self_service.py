"""What patients do themselves from their ticket page. Whoever has the token of a ticket has the right to these.

Each is one transaction, like the verbs of `queueing.tickets`, and is recorded as done by PATIENT. `key` marks one
press: sent again, it does nothing more. A refusal speaks to the patient, and names nobody who works here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from queueing import acting, history, ordering
from queueing.models import WAITS, Event, Ticket
from queueing.refusals import PATIENT, TicketError, named

Status = Ticket.Status

#: What `queueing.fields.new_token` makes.
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
#: So long after its end a ticket still has a page.
SHOWN = timedelta(hours=2)
#: What a patient who needs more time counts later.
MORE_TIME = timedelta(minutes=10)
#: So long a ticket that was given back can be taken again.
UNDO = timedelta(minutes=10)


class NotNow(TicketError):
    """The ticket is not where this starts from, or it was done already."""

    code = "not_now"


def find(token: str, at: datetime) -> Ticket | None:
    """The ticket of this token, unless it ended too long ago."""
    if not TOKEN.fullmatch(token):
        return None
    ticket: Ticket | None = Ticket.objects.select_related("service__line", "room").filter(token=token).first()
    return None if ticket and ticket.ended_at and at - ticket.ended_at > SHOWN else ticket


def come(*, ticket_id: int, key: str | None = None, at: datetime) -> Ticket:
    """Answer the call: "I am coming".

    :raises NotNow: unless it is called
    """
    return _do("ticket.coming", _come, ticket_id, key, at)


def take_more_time(*, ticket_id: int, key: str | None = None, at: datetime) -> Ticket:
    """Once: stand behind the next patient, or count ten minutes later if that is further back, never past the present.

    :raises NotNow: unless it waits or is called, or when it was done before
    """
    return _do("ticket.delayed", _take_more_time, ticket_id, key, at)


def leave(*, ticket_id: int, key: str | None = None, at: datetime) -> Ticket:
    """Give the ticket back.

    :raises NotNow: if the patient is with a clinician, or the ticket has ended
    """
    return _do("ticket.cancelled", _leave, ticket_id, key, at)


def come_back(*, ticket_id: int, key: str | None = None, at: datetime) -> Ticket:
    """Take `leave` back: the ticket waits again at its old position, or is on hold as before.

    :raises NotNow: if somebody else cancelled it, or longer ago than UNDO
    :raises AlreadyWaiting: if the patient waits for the service with another ticket by now
    """
    return _do("ticket.undone", _come_back, ticket_id, key, at)


def given_back(ticket: Ticket, at: datetime) -> Event | None:
    """The event by which the patient left, if that can still be undone."""
    last = history.of(ticket).first() if ticket.status == Status.CANCELLED else None
    by_patient = last is not None and (last.verb, last.actor) == ("ticket.cancelled", PATIENT)
    return last if last and by_patient and at - last.at <= UNDO else None


def _do(verb: str, change: Callable[[Ticket, datetime], None], ticket_id: int, key: str | None, at: datetime) -> Ticket:
    with named(), transaction.atomic(durable=True), history.operation(verb, actor=PATIENT, key=key, at=at):
        ticket = acting.locked(ticket_id)
        if done := acting.done_before(key, verb):
            return done
        change(ticket, at)
        ticket.save(update_fields=ticket.changes())
        return ticket


def _come(ticket: Ticket, at: datetime) -> None:
    if ticket.status != Status.CALLED:
        raise NotNow(_("You are not called now. Nothing was changed."), ticket=ticket)
    ticket.coming_at = ticket.coming_at or at


def _take_more_time(ticket: Ticket, at: datetime) -> None:
    if ticket.status not in (Status.WAITING, Status.CALLED):
        raise NotNow(_("Only who waits or is called can take more time. Nothing was changed."), ticket=ticket)
    if ticket.more_time_at:
        raise NotNow(_("You have taken more time already. That can be done once."), ticket=ticket)
    ticket.more_time_at = at
    _wait(ticket, _later(ticket, at))


def _later(ticket: Ticket, at: datetime) -> int:
    """The position of a patient who needs more time."""
    (line,) = ordering.lock(ticket.service_id)
    present = max(ordering.microseconds(at), line.last_arrival)
    later = min(ticket.position + MORE_TIME // ordering.MICROSECOND, present)
    behind = Ticket.objects.waiting().filter(service_id=line.pk, position__gt=ticket.position).in_line()
    next_one = behind.values_list("position", flat=True).first()
    return max(later, next_one + 1) if next_one else later


def _leave(ticket: Ticket, at: datetime) -> None:
    if ticket.status not in (*WAITS, Status.CALLED):
        raise NotNow(_("This ticket can no longer be given back. Nothing was changed."), ticket=ticket)
    ticket.status, ticket.ended_at = Status.CANCELLED, at


def _come_back(ticket: Ticket, at: datetime) -> None:
    left = given_back(ticket, at)
    if left is None:
        raise NotNow(_("This ticket cannot be taken again. Please go to the desk."), ticket=ticket)
    _wait(ticket, ticket.position)
    if left.changes["status"][0] == Status.HELD:
        ticket.status = Status.HELD


def _wait(ticket: Ticket, position: int) -> None:
    """Back into the line, at the next free position at or after this one."""
    ticket.status, ticket.room = Status.WAITING, None
    ticket.called_at = ticket.coming_at = ticket.ended_at = None
    (line,) = ordering.lock(ticket.service_id)
    ordering.enter(line, ticket, position)
