"""What a sink is, and how it leaves word of what it did and of what it could not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import psycopg
from django.db import transaction
from django.db.models import Case, F, When
from django.utils import timezone

from notifications import direct, reader, retry
from notifications.models import Cursor, Delivery

#: Deaths of a worker without a batch in between, after which the next batch is tried piece by piece.
DEATHS = 3
Announcing = AbstractContextManager[Callable[[object], None]]


class CursorMoved(Exception):
    """Somebody else moved the cursor, or leads by now: nothing was written, read again."""


def no_rest(seconds: float) -> bool:
    """Of whoever takes steps without a thread to be woken."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """How a step is to be taken."""

    #: Counts from 1 how often this batch was tried. The Delivery tells.
    attempt: int = 1
    #: Of the worker who leads; None for those who work beside any worker.
    epoch: int | None = None
    #: Piece by piece, each announced: workers have died of this batch.
    careful: bool = False
    #: Waits for so many seconds or until somebody wakes; true if somebody did.
    rest: Callable[[float], bool] = no_rest


FIRST = Turn()


class Sink(Protocol):
    """A reader of history. Each has its own thread and connection, and never waits for another."""

    name: str
    #: Seconds after a wake in which it lets events gather, so that nobody in front of a screen waits for it.
    gathers: float

    def step(self, turn: Turn = FIRST) -> bool:
        """Take what there is to take, whole or not at all. True if there was anything.

        Any exception means that the step may be repeated.
        """
        ...

    def probe(self) -> None:
        """One cheap question to whoever this sink writes to. Raises what a step would."""
        ...

    def blame(self, thing: str) -> None:
        """Hear what a worker died of."""
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
    turn: Turn
    started_at: datetime
    snapshot: str = ""


def batch_of(now: reader.State, *, low_from: int, turn: Turn, started_at: datetime) -> Batch:
    """What was read by state."""
    return Batch(
        low_from=min(low_from, now.low),
        low_to=now.low,
        events=now.events,
        bytes=now.bytes,
        turn=turn,
        started_at=started_at,
        snapshot=now.snapshot,
    )


def cursor(sink: str) -> Cursor:
    return Cursor.objects.get_or_create(sink=sink, defaults={"updated_at": timezone.now()})[0]


def take_over(sink: str, *, worker: str) -> Cursor:
    """Count the epoch up. A leader who went without `leave` has died, perhaps of the batch that is next."""
    cursor(sink)
    died = Case(When(leader="", then=F("begun")), default=F("begun") + 1)
    Cursor.objects.filter(sink=sink).update(
        epoch=F("epoch") + 1, leader=worker, begun=died, state=Cursor.State.WORKING, failures=0, error="", retry_at=None
    )
    return cursor(sink)


def leave(sink: str, *, epoch: int) -> None:
    Cursor.objects.filter(sink=sink, epoch=epoch).update(leader="")


def advance(sink: str, batch: Batch) -> None:
    """Move the cursor from where the batch began to where it ended, and record the Delivery.

    :raises CursorMoved: if it is no longer where the batch began, or another worker leads
    """
    with transaction.atomic():
        place(sink, low=batch.low_to, snapshot=batch.snapshot, turn=batch.turn, low_from=batch.low_from)
        record(sink, batch)


def place(sink: str, *, low: int, snapshot: str, turn: Turn, low_from: int | None = None) -> None:
    """Set the cursor, from wherever it is unless `low_from` says where it must be.

    :raises CursorMoved: if it is not there, or another worker leads
    """
    unmoved = Cursor.objects.filter(sink=sink)
    if low_from is not None:
        unmoved = unmoved.filter(low=low_from)
    if turn.epoch is not None:
        unmoved = unmoved.filter(epoch=turn.epoch)
    if not unmoved.update(low=low, snapshot=snapshot, updated_at=timezone.now(), begun=0, trying=""):
        raise CursorMoved(sink)


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
        attempts=batch.turn.attempt,
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
        error=retry.describe(error),
    )


class Word(NamedTuple):
    """How a sink is doing, and in how many seconds it tries again."""

    state: Cursor.State
    failures: int
    error: str
    seconds: float | None


def tell(sink: str, word: Word, *, epoch: int) -> None:
    """For everybody to see. Only the worker that leads is heard."""
    retry_at = None if word.seconds is None else timezone.now() + timedelta(seconds=word.seconds)
    Cursor.objects.filter(sink=sink, epoch=epoch).update(
        state=word.state, failures=word.failures, error=word.error, retry_at=retry_at
    )


def forgive(sink: str) -> None:
    """Forget that a worker died, so that the next batch is tried like any other."""
    Cursor.objects.filter(sink=sink).update(begun=0, trying="")


def unannounced() -> Announcing:
    return nullcontext(lambda thing: None)


@contextmanager
def announcing(sink: str) -> Iterator[Callable[[object], None]]:
    """Write down what is tried next where a death cannot take it back: past the transaction that is open here."""
    with psycopg.connect(**direct.worker_params(application="clinic-announcer"), autocommit=True) as line:

        def say(thing: object) -> None:
            line.execute("UPDATE notifications_cursor SET trying = %s WHERE sink = %s", [str(thing)[:200], sink])

        try:
            yield say
        finally:
            say("")
