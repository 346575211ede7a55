"""What a screen shows of one line: one value, with the version of the line it was read at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypedDict

from django.db import connection, transaction

from queueing import waiting
from queueing.models import Line, Room, Service, Ticket

#: So many calls stand on a board, the latest first: more than a display can miss between two boards.
CALLS = 30
#: So many codes stand under "next".
NEXT = 12


class Call(TypedDict):
    id: str
    code: str
    room: str
    at: str
    name: str | None


class Estimate(TypedDict):
    low: int
    high: int


class ServiceName(TypedDict):
    id: int
    name: str


class Board(TypedDict):
    """The whole public state of one line. Codes only; a name only where the clinic allows it and the patient agreed."""

    service: ServiceName
    version: int
    at: str
    calls: list[Call]
    waiting: list[str]
    open_rooms: int
    estimate: Estimate | None


def board(service_id: int, at: datetime) -> Board:
    """The board as it stands in one snapshot: a state that existed, not a mixture of two.

    :raises Service.DoesNotExist: if there is no such service
    """
    with snapshot():
        return _read(service_id, at)


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads inside see the same instant. A transaction that is open already is left as it is."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _read(service_id: int, at: datetime) -> Board:
    service = Service.objects.select_related("line").get(pk=service_id)
    codes = Ticket.objects.waiting().filter(service=service).in_line().values_list("code", flat=True)
    told = waiting.newcomer(service_id)
    return Board(
        service={"id": service.pk, "name": service.name},
        version=service.line.version,
        at=at.isoformat(),
        calls=_calls(service),
        waiting=list(codes[:NEXT]),
        open_rooms=Room.objects.filter(is_open=True, serves__service=service).count(),
        estimate={"low": told.low, "high": told.high} if service.is_open else None,
    )


def _calls(service: Service) -> list[Call]:
    # Values, not tickets with their rooms and before-images: every display waits for this.
    called = Ticket.objects.filter(service=service, room__isnull=False).recently_called()
    shown = called.values_list(
        "pk", "call_count", "code", "room__name", "called_at", "patient__name", "patient__show_name"
    )
    return [
        Call(
            id=call_id(pk, count),
            code=code,
            room=room,
            at=at.isoformat(),
            name=name if agreed and service.names_on_displays else None,
        )
        for pk, count, code, room, at, name, agreed in shown[:CALLS]
    ]


def call_id(ticket_id: int, call_count: int) -> str:
    """Names one call for good, so that a display plays it once."""
    return f"{ticket_id}-{call_count}"


def versions() -> dict[int, int]:
    """Service -> version of its board now."""
    return dict(Line.objects.values_list("service_id", "version"))
