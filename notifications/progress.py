"""How far each sink has come, and what is in its way."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.db.models import Count, Min
from django.utils import timezone

from notifications import reader
from notifications.models import Cursor, DeadLetter, Delivery

SINKS = ("audit", "replica", "push")


class Batch(TypedDict):
    """The last one that was taken."""

    events: int
    seconds: float
    at: str


class Progress(TypedDict):
    """Of one sink. Everything is None when the primary does not answer."""

    pending_events: int | None
    pending_bytes: int | None
    lag_seconds: float | None
    oldest_pending_at: str | None
    #: One of Cursor.State.
    state: str | None
    #: In a row: how often the batch that is stuck was tried.
    failures: int | None
    #: May quote a row.
    error: str | None
    retry_at: str | None
    leader: str | None
    epoch: int | None
    dead_letters: int | None
    oldest_dead_letter_at: str | None
    last_batch: Batch | None


UNKNOWN = Progress(
    pending_events=None,
    pending_bytes=None,
    lag_seconds=None,
    oldest_pending_at=None,
    state=None,
    failures=None,
    error=None,
    retry_at=None,
    leader=None,
    epoch=None,
    dead_letters=None,
    oldest_dead_letter_at=None,
    last_batch=None,
)


def of_all() -> dict[str, Progress]:
    cursors = {cursor.sink: cursor for cursor in Cursor.objects.all()}
    return {sink: of(cursors.get(sink) or Cursor(sink=sink)) for sink in SINKS}


def of(cursor: Cursor) -> Progress:
    events, size, oldest = reader.backlog(low=cursor.low, seen=cursor.snapshot)
    letters = DeadLetter.objects.filter(sink=cursor.sink, outcome=DeadLetter.Outcome.OPEN)
    parked = letters.aggregate(number=Count("pk"), oldest=Min("parked_at"))
    return Progress(
        pending_events=events,
        pending_bytes=size,
        lag_seconds=round(seconds_since(oldest), 3) if oldest else 0.0,
        oldest_pending_at=_text(oldest),
        state=str(cursor.state),
        failures=cursor.failures,
        error=cursor.error,
        retry_at=_text(cursor.retry_at),
        leader=cursor.leader,
        epoch=cursor.epoch,
        dead_letters=parked["number"],
        oldest_dead_letter_at=_text(parked["oldest"]),
        last_batch=_last_batch(cursor.sink),
    )


def seconds_since(at: datetime) -> float:
    return max(0.0, (timezone.now() - at).total_seconds())


def _last_batch(sink: str) -> Batch | None:
    delivered = Delivery.objects.filter(sink=sink, outcome=Delivery.Outcome.DELIVERED)
    last = delivered.order_by("-finished_at").first()
    if last is None:
        return None
    seconds = (last.finished_at - last.started_at).total_seconds()
    return Batch(events=last.events, seconds=round(max(0.0, seconds), 3), at=last.finished_at.isoformat())


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
