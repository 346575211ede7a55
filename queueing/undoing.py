"""Taking back what was just done to a ticket: a new event, never a change of history."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from queueing import acting, history, ordering
from queueing.acting import Person
from queueing.models import IN_ROOM, WAITS, Event, Ticket
from queueing.refusals import NotUndoable, StaleVersion, TooLate

Status = Ticket.Status

#: What can be taken back, and the permission that it needs, which is that of doing it. A call again was heard.
UNDOABLE = {
    "ticket.issued": "issue_ticket",
    "ticket.called": "call_ticket",
    "ticket.started": "call_ticket",
    "ticket.missed": "call_ticket",
    "ticket.cancelled": "arrange_ticket",
    "ticket.held": "arrange_ticket",
    "ticket.released": "arrange_ticket",
    "ticket.put_back": "arrange_ticket",
    "ticket.transferred": "arrange_ticket",
    "ticket.prioritised": "arrange_ticket",
    "ticket.moved": "arrange_ticket",
    "ticket.delayed": "arrange_ticket",
}
#: What a patient answers to a call. It does not keep anybody from taking the call back.
ANSWERS = ["ticket.coming"]
#: So long after it happened.
FOR = timedelta(minutes=10)
#: A call's number is its name on displays, for good.
KEPT = Ticket.personal | {"call_count"}
FIELDS = {field.column: field for field in Ticket._meta.concrete_fields}


@acting.repeatable
def undo(*, event_id: int, key: str | None = None, actor: Person, at: datetime) -> Ticket:
    """Take back the latest event of a ticket: every column is again what it was, and the ticket has its old place.

    Whoever may do a thing may take it back. A ticket that was issued becomes cancelled.

    :raises Event.DoesNotExist: if there is no such event of a ticket
    :raises NotUndoable: if it is of a kind that cannot be taken back
    :raises StaleVersion: if something has happened to the ticket since
    :raises TooLate: after ten minutes
    :raises RoomBusy: if the ticket was in a room that has somebody else now
    """
    event = Event.objects.get(pk=event_id, model=Ticket._meta.label_lower)
    if event.verb not in UNDOABLE:
        raise NotUndoable(_("This cannot be taken back. Nothing was changed."))
    with acting.act("ticket.undone", UNDOABLE[event.verb], actor=actor, at=at, key=key):
        came_from = event.changes.get("service_id", [None])[0]
        ticket = acting.locked(event.object_id, came_from, verb="ticket.undone", key=key)
        _expect_undoable(ticket, event, at)
        _take_back(ticket, event, at)
        ticket.save(update_fields=ticket.changes())
    return ticket


def can_be_undone(event: Event, at: datetime) -> bool:
    """Whether there is a point in asking; what has happened to the ticket since is not looked at."""
    return event.verb in UNDOABLE and at - event.at <= FOR


def step(ticket: Ticket) -> Event | None:
    """What was last done to the ticket, but for an answer of the patient."""
    return history.of(ticket).exclude(verb__in=[history.RENUMBERED, *ANSWERS]).first()


def _expect_undoable(ticket: Ticket, event: Event, at: datetime) -> None:
    last = step(ticket)
    if last and last.pk != event.pk:
        raise StaleVersion.of(ticket, last)
    if not can_be_undone(event, at):
        raise TooLate(
            _("That was more than %(minutes)s minutes ago. Nothing was changed.") % {"minutes": FOR.seconds // 60},
            ticket=ticket,
        )


def _take_back(ticket: Ticket, event: Event, at: datetime) -> None:
    if event.action == Event.Action.INSERT:
        ticket.status, ticket.ended_at = Status.CANCELLED, at
        return
    for column, (before, _after) in event.changes.items():
        if column not in KEPT:
            setattr(ticket, FIELDS[column].attname, _as_it_was(column, before))
    if ticket.status in WAITS:
        ticket.coming_at = None  # the answer goes with the call
    if ticket.status in IN_ROOM and ticket.room:
        acting.expect_empty(ticket.room, ticket)
    if ticket.is_waiting:
        (line,) = ordering.lock(ticket.service_id)
        ordering.enter(line, ticket, ticket.position)


def _as_it_was(column: str, before: Any) -> Any:
    """History has values as JSON has them."""
    return FIELDS[column].to_python(before)
