"""The verbs: all that can happen to a ticket. Each is one transaction: lock the line, write one ticket and its event.

`actor` is the signed-in user and must have the verb's permission; `at` is the instant it happens. Every verb returns
the ticket as it is then, or raises one of `refusals` and changes nothing. A `key` makes a repetition harmless: it
answers like the first time. A verb that is given the `version` of the ticket that a person saw refuses any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Unpack

from django.utils import timezone
from django.utils.translation import gettext as _

from queueing import acting, ordering, waiting
from queueing.acting import Person, Press
from queueing.models import IN_ROOM, OPEN, WAITS, Line, Patient, Priority, Room, RoomService, Service, Ticket
from queueing.refusals import NobodyWaiting, NoSuchPlace, ReasonNeeded, RoomDoesNotServe, ServiceClosed, WrongState

Status = Ticket.Status


def issue(
    *,
    service_id: int,
    priority: str = Priority.LOW,
    patient: Patient | None = None,
    needs: Iterable[str] = (),
    key: str | None = None,
    actor: Person,
    at: datetime,
) -> Ticket:
    """Give out the next code of the service's day, and a place. A patient who is new or changed is saved with it.

    `needs` are some of `Ticket.NEEDS`.

    :raises Service.DoesNotExist: if there is no such service
    :raises ServiceClosed: if it takes nobody now
    :raises AlreadyWaiting: if the patient waits for it already
    :raises JustAdded: if somebody else has given a new patient's reference to another one meanwhile
    :raises KeyReused: if the key belongs to another action
    """
    with acting.act("ticket.issued", "issue_ticket", actor=actor, at=at, key=key):
        line, *_others = ordering.lock(service_id, *acting.lines_of(patient))
        if issued := acting.done_before(key, "ticket.issued"):
            return issued
        if not line.service.is_open:
            raise ServiceClosed(_("%(service)s is closed: no ticket was issued.") % {"service": line.service})
        if patient:
            acting.welcome(patient, at)
        told = dict.fromkeys(needs, True)
        return _issue(line, Ticket(service=line.service, priority=priority, patient=patient, **told), at)


def call_next(*, room_id: int, key: str | None = None, actor: Person, at: datetime) -> Ticket:
    """Call whoever is next among the services of the room.

    :raises NobodyWaiting: if all its lines are empty
    :raises RoomBusy: if somebody is called to it or in it: nothing is completed by calling
    :raises RoomClosed: if it is closed
    """
    with acting.act("ticket.called", "call_ticket", actor=actor, at=at, key=key):
        lines = ordering.lock(*RoomService.objects.filter(room_id=room_id).values_list("service_id", flat=True))
        room = Room.objects.get(pk=room_id)
        if called := acting.done_before(key, "ticket.called"):
            return called
        acting.expect_free(room)
        ticket = ordering.head(lines)
        if ticket is None:
            raise NobodyWaiting(_("Nobody is waiting for %(room)s.") % {"room": room})
        _call(ticket, room, at)
        ticket.save(update_fields=ticket.changes())
        return ticket


@acting.repeatable
def call(*, ticket_id: int, room_id: int, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """Call this ticket to this room, out of turn or back from hold.

    :raises RoomDoesNotServe: if the room does not serve its service
    :raises RoomBusy, RoomClosed, WrongState, StaleVersion, MovedOn: as their names say
    """
    with acting.changing("ticket.called", "call_ticket", ticket_id, actor, at, *WAITS, **press) as ticket:
        room = Room.objects.get(pk=room_id)
        if not room.serves.filter(service_id=ticket.service_id).exists():
            raise RoomDoesNotServe(
                _("%(room)s does not serve %(service)s.") % {"room": room, "service": ticket.service},
                ticket=ticket,
            )
        acting.expect_free(room)
        _call(ticket, room, at)
    return ticket


@acting.repeatable
def recall(*, ticket_id: int, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """Call again, to the same room."""
    with acting.changing("ticket.recalled", "call_ticket", ticket_id, actor, at, Status.CALLED, **press) as ticket:
        ticket.called_at = at
        ticket.call_count += 1
    return ticket


@acting.repeatable
def start(*, ticket_id: int, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """The patient has come in."""
    with acting.changing("ticket.started", "call_ticket", ticket_id, actor, at, Status.CALLED, **press) as ticket:
        ticket.status, ticket.started_at = Status.SERVING, at
    return ticket


@acting.repeatable
def miss(*, ticket_id: int, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """The patient was called and did not come."""
    with acting.changing("ticket.missed", "call_ticket", ticket_id, actor, at, Status.CALLED, **press) as ticket:
        ticket.status, ticket.ended_at = Status.MISSED, at
    return ticket


@acting.repeatable
def complete(
    *, ticket_id: int, outcome: str, reason: str = "", actor: Person, at: datetime, **press: Unpack[Press]
) -> Ticket:
    """End a consultation. Nothing else in the program does, and nothing calls this but a person's own request.

    :raises ReasonNeeded: if the outcome is not *seen* and no reason is given
    """
    if outcome != Ticket.Outcome.SEEN and not reason.strip():
        raise ReasonNeeded(_("Please give a reason for this outcome."))
    with acting.changing(
        "ticket.completed", "complete_ticket", ticket_id, actor, at, *IN_ROOM, reason=reason, **press
    ) as ticket:
        ticket.status, ticket.ended_at = Status.COMPLETED, at
        ticket.completed_by, ticket.outcome, ticket.reason = actor.get_username(), outcome, reason.strip()
    return ticket


@acting.repeatable
def cancel(*, ticket_id: int, reason: str = "", actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    allowed = (*WAITS, Status.CALLED)
    with acting.changing(
        "ticket.cancelled", "arrange_ticket", ticket_id, actor, at, *allowed, reason=reason, **press
    ) as ticket:
        ticket.status, ticket.ended_at = Status.CANCELLED, at
    return ticket


@acting.repeatable
def hold(*, ticket_id: int, reason: str = "", actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """Take a ticket out of the line for a while; it keeps its position."""
    with acting.changing(
        "ticket.held", "arrange_ticket", ticket_id, actor, at, Status.WAITING, reason=reason, **press
    ) as ticket:
        ticket.status = Status.HELD
    return ticket


@acting.repeatable
def release(*, ticket_id: int, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """Back into the line from hold, at its old position."""
    with acting.changing("ticket.released", "arrange_ticket", ticket_id, actor, at, Status.HELD, **press) as ticket:
        _back_in_line(ticket, at)
    return ticket


@acting.repeatable
def put_back(*, ticket_id: int, at_end: bool = False, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """Back into the line from a call, at the old position or at the end."""
    allowed = (*IN_ROOM, Status.MISSED)
    with acting.changing("ticket.put_back", "arrange_ticket", ticket_id, actor, at, *allowed, **press) as ticket:
        _back_in_line(ticket, at, at_end=at_end)
    return ticket


@acting.repeatable
def transfer(
    *, ticket_id: int, service_id: int, at_end: bool = False, actor: Person, at: datetime, **press: Unpack[Press]
) -> Ticket:
    """Send a patient on to another service: same code, same waiting time, or at the end of the other line.

    :raises ServiceClosed: if the other service takes nobody now
    """
    with acting.changing(
        "ticket.transferred", "arrange_ticket", ticket_id, actor, at, *OPEN, other_service_id=service_id, **press
    ) as ticket:
        if ticket.service_id == service_id:
            raise WrongState(
                _("%(ticket)s is with %(service)s already.") % {"ticket": ticket.code, "service": ticket.service},
                code="already_there",
                ticket=ticket,
            )
        ticket.service = Service.objects.get(pk=service_id)
        if not ticket.service.is_open:
            raise ServiceClosed(_("%(service)s is closed: nothing was changed.") % {"service": ticket.service})
        _back_in_line(ticket, at, at_end=at_end)
    return ticket


@acting.repeatable
def prioritise(*, ticket_id: int, priority: str, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """Give a waiting ticket another priority; its position is computed again from its arrival."""
    with acting.changing(
        "ticket.prioritised", "arrange_ticket", ticket_id, actor, at, Status.WAITING, **press
    ) as ticket:
        if ticket.priority != priority:
            ticket.priority = priority
            (line,) = ordering.lock(ticket.service_id)
            arrival = ordering.microseconds(ticket.issued_at)
            ordering.enter(line, ticket, arrival - ticket.service.head_start(priority))
    return ticket


@acting.repeatable
def move(*, ticket_id: int, place: int, reason: str, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """Make a waiting ticket the first, second, ... of its line.

    :raises ReasonNeeded: without a reason: others wait longer for it
    :raises NoSuchPlace: if the line is shorter
    """
    if not reason.strip():
        raise ReasonNeeded(_("Please say why this ticket is moved."))
    with acting.changing(
        "ticket.moved", "arrange_ticket", ticket_id, actor, at, Status.WAITING, reason=reason, **press
    ) as ticket:
        (line,) = ordering.lock(ticket.service_id)
        position = ordering.between(line, ticket, place) if place >= 1 else None
        if position is None:
            raise NoSuchPlace(_("The line has no place %(place)s.") % {"place": place}, ticket=ticket)
        if position != ticket.position:
            ordering.enter(line, ticket, position)
    return ticket


@acting.repeatable
def reopen(*, ticket_id: int, reason: str, actor: Person, at: datetime, **press: Unpack[Press]) -> Ticket:
    """Take a completion back: the patient is in the room again.

    :raises ReasonNeeded: without a reason
    :raises RoomBusy: if the room has somebody else by now
    """
    if not reason.strip():
        raise ReasonNeeded(_("Please say why this ticket is reopened."))
    with acting.changing(
        "ticket.reopened", "reopen_ticket", ticket_id, actor, at, Status.COMPLETED, reason=reason, **press
    ) as ticket:
        ticket.status, ticket.ended_at = Status.SERVING, None
        ticket.started_at = ticket.started_at or at
        ticket.completed_by = ticket.outcome = ticket.reason = ""
    return ticket


def _issue(line: Line, ticket: Ticket, at: datetime) -> Ticket:
    ticket.day, ticket.code = _next_code(line, timezone.localdate(at))
    ticket.position = arrival = ordering.arrive(line, at)
    ticket.issued_at = ordering.moment(arrival)
    if head_start := line.service.head_start(ticket.priority):
        ordering.enter(line, ticket, arrival - head_start)
    told = waiting.told(ticket)
    ticket.estimate_low, ticket.estimate_high = told.low, told.high
    ticket.save(force_insert=True)
    return ticket


def _call(ticket: Ticket, room: Room, at: datetime) -> None:
    ticket.status, ticket.room, ticket.called_at = Status.CALLED, room, at
    ticket.coming_at = None
    ticket.call_count += 1


def _back_in_line(ticket: Ticket, at: datetime, *, at_end: bool = False) -> None:
    ticket.status, ticket.room = Status.WAITING, None
    ticket.called_at = ticket.started_at = ticket.ended_at = ticket.coming_at = None
    (line,) = ordering.lock(ticket.service_id)
    ordering.enter(line, ticket, ordering.arrive(line, at) if at_end else ticket.position)


def _next_code(line: Line, today: date) -> tuple[date, str]:
    """Codes start again at 001 every clinic day; a clock that goes back does not give a day's codes twice."""
    day = max(today, line.day or today)
    line.last_number = line.last_number + 1 if day == line.day else 1
    line.day = day
    return day, f"{line.service.prefix}-{line.last_number:03d}"
