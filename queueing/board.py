"""What a screen shows of one line: one value, with the version of the line it was read at."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from django.db import connection

from queueing import waiting
from queueing.models import Line, Service

BOARD = (Path(__file__).parent / "sql" / "board.sql").read_text().format(paces=waiting.PACES)
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
    """The board as it stands at one moment: a state that existed, not a mixture of two.

    :raises Service.DoesNotExist: if there is no such service
    """
    wanted: dict[str, int | list[int]] = {"service": service_id, "services": [service_id], "calls": CALLS, "next": NEXT}
    with connection.cursor() as cursor:
        cursor.execute(BOARD, wanted)
        if (row := cursor.fetchone()) is None:
            raise Service.DoesNotExist
    name, version, is_open, calls, codes, open_rooms, pace, ahead = row
    told = waiting.estimate(ahead=ahead, pace=float(pace))
    return Board(
        service={"id": service_id, "name": name},
        version=version,
        at=at.isoformat(),
        calls=_calls(calls),
        waiting=codes,
        open_rooms=open_rooms,
        estimate={"low": told.low, "high": told.high} if is_open else None,
    )


def _calls(rows: Iterable[str]) -> list[Call]:
    return [
        Call(id=call_id(ticket_id, count), code=code, room=room, at=at, name=name)
        for ticket_id, count, code, room, at, name in map(json.loads, rows)
    ]


def call_id(ticket_id: int, call_count: int) -> str:
    """Names one call for good, so that a display plays it once."""
    return f"{ticket_id}-{call_count}"


def versions() -> dict[int, int]:
    """Service -> version of its board now."""
    return dict(Line.objects.values_list("service_id", "version"))
