"""How everybody who hears of history is doing. Every look is bounded in time, and a failure is an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypedDict, TypeVar

import psycopg
import redis
from django.db import Error
from django.db.models import Max
from django.utils import timezone

from notifications import boards, direct, reader
from notifications.models import Cursor, Delivery, WorkerBeat

logger = logging.getLogger(__name__)

SINKS = ("audit", "replica", "push")
#: Seconds that one look may take.
PATIENCE = 2.0
#: Seconds after which a worker that says nothing counts as gone.
SILENCE = 15.0

Answer = TypeVar("Answer")


class SinkHealth(TypedDict):
    pending_events: int | None
    pending_bytes: int | None
    lag_seconds: float | None
    last_delivery_at: str | None


class WorkerHealth(TypedDict):
    last_beat: str | None
    state: str


class Report(TypedDict):
    sinks: dict[str, SinkHealth]
    channel_layer: str
    worker: WorkerHealth
    replica: str


UNKNOWN = SinkHealth(pending_events=None, pending_bytes=None, lag_seconds=None, last_delivery_at=None)


def report() -> Report:
    """States are ok or down; a worker's are ok, silent or none. Numbers are None where the primary does not answer."""
    return Report(
        sinks=_ask(sinks, otherwise=dict.fromkeys(SINKS, UNKNOWN)),
        channel_layer=_ask(channel_layer, otherwise="down"),
        worker=_ask(worker, otherwise=WorkerHealth(last_beat=None, state="none")),
        replica=_ask(replica, otherwise="down"),
    )


def sinks() -> dict[str, SinkHealth]:
    cursors = {cursor.sink: cursor for cursor in Cursor.objects.all()}
    return {sink: _sink(sink, cursors.get(sink) or Cursor(sink=sink)) for sink in SINKS}


def worker() -> WorkerHealth:
    last = WorkerBeat.objects.aggregate(last=Max("at"))["last"]
    if last is None:
        return WorkerHealth(last_beat=None, state="none")
    state = "ok" if _seconds_since(last) < SILENCE else "silent"
    return WorkerHealth(last_beat=last.isoformat(), state=state)


def replica() -> str:
    asyncio.run(asyncio.wait_for(_ask_replica(), PATIENCE))
    return "ok"


def channel_layer() -> str:
    boards.blocking_client().ping()
    return "ok"


def _sink(sink: str, cursor: Cursor) -> SinkHealth:
    events, size, oldest = reader.backlog(low=cursor.low, seen=cursor.snapshot)
    last = Delivery.objects.filter(sink=sink, outcome=Delivery.Outcome.DELIVERED).aggregate(at=Max("finished_at"))["at"]
    return SinkHealth(
        pending_events=events,
        pending_bytes=size,
        lag_seconds=round(_seconds_since(oldest), 3) if oldest else 0.0,
        last_delivery_at=last.isoformat() if last else None,
    )


def _seconds_since(at: datetime) -> float:
    return max(0.0, (timezone.now() - at).total_seconds())


async def _ask_replica() -> None:
    """Not through Django: no time limit of a server helps when the server hangs."""
    params = direct.params("replica", application="clinic-health")
    async with await psycopg.AsyncConnection.connect(**params) as line:
        await line.execute("SELECT low FROM notifications_replicastate")


def _ask(look: Callable[[], Answer], *, otherwise: Answer) -> Answer:
    try:
        return look()
    except (Error, psycopg.Error, redis.RedisError, OSError, TimeoutError) as e:
        logger.warning("Health look failed look=%s error=%s: %s", look.__name__, type(e).__name__, e)
        return otherwise
