"""What a sink is, and how it leaves word of what it did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils import timezone

from notifications.models import Cursor, Delivery


class CursorMoved(Exception):
    """Somebody else moved the cursor since this sink read it: nothing was written, read again."""


class Sink(Protocol):
    """A reader of history. Each has its own thread and connection, and never waits for another."""

    name: str
    #: Seconds after a wake in which it lets events gather, so that nobody in front of a screen waits for it.
    gathers: float

    def step(self, *, attempt: int = 1) -> bool:
        """Take what there is to take, whole or not at all. True if there was anything.

        `attempt` counts from 1 how often this batch was tried; the Delivery tells. Any exception means that the
        step may be repeated.
        """
        ...

    def close(self) -> None:
        """Give back what the sink holds outside the databases."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one step took."""

    low_from: int
    low_to: int
    events: int
    bytes: int
    attempt: int
    started_at: datetime
    snapshot: str = ""


def cursor(sink: str) -> Cursor:
    return Cursor.objects.get_or_create(sink=sink, defaults={"updated_at": timezone.now()})[0]


def advance(sink: str, batch: Batch) -> None:
    """Move the cursor from where the batch began to where it ended, and record the Delivery.

    :raises CursorMoved: if it is no longer where the batch began
    """
    moved = Cursor.objects.filter(sink=sink, low=batch.low_from).update(
        low=batch.low_to, snapshot=batch.snapshot, updated_at=timezone.now()
    )
    if not moved:
        raise CursorMoved(sink)
    record(sink, batch)


def retire(sink: str) -> None:
    """Forget how far a sink has read, so that history need not be kept for it. It would begin anew."""
    Cursor.objects.filter(sink=sink).delete()


def record(sink: str, batch: Batch) -> None:
    Delivery.objects.create(
        sink=sink,
        low_from=batch.low_from,
        low_to=batch.low_to,
        events=batch.events,
        bytes=batch.bytes,
        attempts=batch.attempt,
        started_at=batch.started_at,
        finished_at=timezone.now(),
        outcome=Delivery.Outcome.DELIVERED,
    )


def record_failure(sink: str, error: Exception, started_at: datetime) -> None:
    """Leave word that a batch is stuck. The Delivery that gets it through at last tells how many attempts it took."""
    low = cursor(sink).low
    Delivery.objects.create(
        sink=sink,
        low_from=low,
        low_to=low,
        events=0,
        bytes=0,
        started_at=started_at,
        finished_at=timezone.now(),
        outcome=Delivery.Outcome.FAILED,
        error=f"{type(error).__name__}: {error}"[:2000],
    )
