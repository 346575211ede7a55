"""What every verb does around its own lines: the permission, the transaction, the lock, the state it starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from typing import ParamSpec, Protocol, TypedDict

from django.db import transaction
from django.utils.translation import gettext as _

from queueing import history, ordering
from queueing.models import Patient, Room, Ticket
from queueing.refusals import (
    KeyReused,
    MovedOn,
    NotAllowed,
    RoomBusy,
    RoomClosed,
    StaleVersion,
    WrongState,
    named,
)

P = ParamSpec("P")

Status = Ticket.Status


class Person(Protocol):
    def get_username(self) -> str: ...
    def has_perm(self, perm: str) -> bool: ...


class Press(TypedDict, total=False):
    """Which press of a button it is, and the version of the ticket that the person saw (its latest event)."""

    key: str | None
    version: int | None


class Repeated(Exception):
    """The same press came before: this is the ticket that it changed."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(ticket)
        self.ticket = ticket


def repeatable(verb: Callable[P, Ticket]) -> Callable[P, Ticket]:
    """Let the verb answer a repetition like the first time, instead of doing it again."""

    @wraps(verb)
    def act_or_answer(*args: P.args, **kwargs: P.kwargs) -> Ticket:
        try:
            return verb(*args, **kwargs)
        except Repeated as repeated:
            return repeated.ticket

    return act_or_answer


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
    key: str | None = None,
    version: int | None = None,
) -> Iterator[Ticket]:
    """The locked ticket, in one of the allowed states; saved at the end.

    :raises Repeated: see `repeatable`
    """
    with act(verb, permission, actor=actor, at=at, reason=reason, key=key):
        ticket = locked(ticket_id, other_service_id, verb=verb, key=key)
        expect(ticket, *allowed, version=version)
        yield ticket
        ticket.save(update_fields=ticket.changes())


def locked(ticket_id: int, other_service_id: int | None = None, *, verb: str = "", key: str | None = None) -> Ticket:
    """The ticket, read under the lock of its line and of another one it goes to.

    :raises Repeated: if this verb came with this key before
    """
    service_id = Ticket.objects.values_list("service_id", flat=True).get(pk=ticket_id)
    ordering.lock(service_id, other_service_id or service_id)
    if done := done_before(key, verb):
        raise Repeated(done)
    ticket: Ticket = Ticket.objects.select_related("service", "room").get(pk=ticket_id)
    if ticket.service_id != service_id:  # sent on between the two reads; its new line is not locked
        raise MovedOn(ticket)
    return ticket


def expect(ticket: Ticket, *allowed: Status, version: int | None = None) -> None:
    """Where both are wrong, the state says more than the version."""
    if ticket.status not in allowed:
        raise WrongState.of(ticket)
    expect_version(ticket, version)


def expect_version(ticket: Ticket, version: int | None) -> None:
    last = history.latest(ticket) if version else None
    if last and last.pk != version:
        raise StaleVersion.of(ticket, last)


def expect_free(room: Room) -> None:
    if not room.is_open:
        raise RoomClosed(_("%(room)s is closed: nobody was called.") % {"room": room})
    expect_empty(room)


def expect_empty(room: Room, ticket: Ticket | None = None) -> None:
    """But for this ticket, if it is there already."""
    for pk in Ticket.objects.in_room().filter(room=room).values_list("pk", flat=True):
        if ticket is None or pk != ticket.pk:
            raise RoomBusy.with_(Ticket.objects.get(pk=pk), room)


def done_before(key: str | None, verb: str) -> Ticket | None:
    """The ticket of an action that came with this key before."""
    found = history.find(key)
    if found is None:
        return None
    done, ticket_id = found
    if done != verb:
        raise KeyReused(_("This form was sent before for something else. Please reload the page."))
    ticket: Ticket = Ticket.objects.select_related("service", "room").get(pk=ticket_id)
    return ticket


def lines_of(patient: Patient | None) -> set[int]:
    """Services whose boards show the patient, if there is news of them: their lines are locked with the first one."""
    return patient.shown_on() if patient and patient.pk and patient.changes() else set()


def welcome(patient: Patient, at: datetime) -> None:
    """Save a new patient, or what is new of a known one, with an event of its own: the key stays with the ticket's."""
    with history.operation(at=at):
        patient.save(update_fields=list(patient.changes()) if patient.pk else None)
