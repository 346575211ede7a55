"""How long it will take: places ahead x mean of the last consultations / open rooms, told as a range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any

from django.db import connection

from queueing.models import Ticket

PACES = (Path(__file__).parent / "sql" / "paces.sql").read_text()
#: How many wait in one service before a position, and its pace.
TOLD = f"""
    SELECT ahead, pace FROM ({PACES}) paces (service_id, pace, rooms), LATERAL (
        SELECT count(*) FROM queueing_ticket
        WHERE service_id = paces.service_id AND status = 'waiting' AND position < %(position)s
    ) line (ahead)
"""  # noqa: S608
#: A range from so much less to so much more than the mean. People forgive a shorter wait, not a longer one.
SHORTER, LONGER = 0.75, 1.5
#: Minutes that the ends of a range are rounded to.
STEP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Minutes, multiples of five."""

    low: int
    high: int


def paces(service_ids: Iterable[int]) -> dict[int, float]:
    """Service -> minutes for which a place keeps those behind it waiting, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(PACES, {"services": list(service_ids)})
        return {service_id: float(pace) for service_id, pace, _ in cursor.fetchall()}


def estimate(*, ahead: int, pace: float) -> Range:
    """The wait of whoever has so many people ahead."""
    minutes = ahead * pace
    low = floor(minutes * SHORTER / STEP) * STEP
    return Range(low=low, high=max(ceil(minutes * LONGER / STEP) * STEP, low + STEP))


def told(ticket: Ticket) -> Range:
    """What a ticket that is being issued is told; stored on it, to be compared with what came."""
    wanted: dict[str, Any] = {"position": ticket.position, "services": [ticket.service_id]}
    with connection.cursor() as cursor:
        cursor.execute(TOLD, wanted)
        ahead, pace = cursor.fetchone()
    return estimate(ahead=ahead, pace=float(pace))
