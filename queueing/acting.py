"""What every verb does around its own lines: the permission, the transaction, the lock, the state it starts from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from django.db import transaction
from django.utils.translation import gettext as _

from queueing import history, ordering
from queueing.models import Patient, Room, Ticket
from queueing.refusals import KeyReused, MovedOn, NotAllowed, RoomBusy, RoomClosed, WrongState, named

Status = Ticket.Status


class Person(Protocol):
    def get_username(self) -> str: ...
    def has_perm(self, perm: str) -> bool: ...


@contextmanager
def act(
    verb: str, permission: str, *, actor: Person, at: datetime, reason: str = "", key: str | None = None
) -> Iterator[None]:
    if not actor.has_perm(f"queueing.{permission}"):
        raise NotAllowed(_("You may not do this. Please ask a supervisor."))
    with (
        named(),
        transaction.atomic(durable=True),
        history.operation(verb, actor=actor.get_username(), reason=reason.strip(), key=key, at=at),
    ):
        yield


@contextmanager
def changing(
    verb: str,
    permission: str,
    ticket_id: int,
    actor: Person,
    at: datetime,
    *allowed: Status,
    reason: str = "",
    other_service_id: int | None = None,
) -> Iterator[Ticket]:
    """The locked ticket, in one of the allowed states; saved at the end."""
    with act(verb, permission, actor=actor, at=at, reason=reason):
        ticket = locked(ticket_id, other_service_id)
        expect(ticket, *allowed)
        yield ticket
        ticket.save()


def locked(ticket_id: int, other_service_id: int | None = None) -> Ticket:
    """The ticket, read under the lock of its line and of another one it goes to."""
    service_id = Ticket.objects.values_list("service_id", flat=True).get(pk=ticket_id)
    ordering.lock(service_id, other_service_id or service_id)
    ticket: Ticket = Ticket.objects.select_related("service", "room", "patient").get(pk=ticket_id)
    if ticket.service_id != service_id:  # sent on between the two reads; its new line is not locked
        raise MovedOn(ticket)
    return ticket


def expect(ticket: Ticket, *allowed: Status) -> None:
    if ticket.status not in allowed:
        raise WrongState.of(ticket)


def expect_free(room: Room) -> None:
    if not room.is_open:
        raise RoomClosed(_("%(room)s is closed: nobody was called.") % {"room": room})
    if there := Ticket.objects.in_room().filter(room=room).first():
        raise RoomBusy.with_(there, room)


def done_before(key: str | None, verb: str) -> Ticket | None:
    """The ticket of an action that came with this key before."""
    event = history.find(key)
    if event is None:
        return None
    if event.verb != verb:
        raise KeyReused(_("This form was sent before for something else. Please reload the page."))
    ticket: Ticket = Ticket.objects.select_related("service", "room", "patient").get(pk=event.object_id)
    return ticket


def lines_of(patient: Patient | None) -> set[int]:
    """Services whose boards show the patient, if there is news of them: their lines are locked with the first one."""
    return patient.shown_on() if patient and patient.pk and patient.changes() else set()


def welcome(patient: Patient, at: datetime) -> None:
    """Save a new patient, or what is new of a known one, with an event of its own: the key stays with the ticket's."""
    with history.operation(at=at):
        patient.save(update_fields=list(patient.changes()) if patient.pk else None)
