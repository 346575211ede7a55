"""Dead letters: rows that a sink could not take, put aside so that the rest goes on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone

from notifications import retry
from notifications.models import DeadLetter

KILLED = "The worker died while it tried this."
#: Seconds until a letter is tried again; doubles with each attempt.
PAUSE, LONGEST_PAUSE = 30, 3600


class Row(NamedTuple):
    """What a sink takes one by one when it must."""

    model: str
    object_id: int

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}"

    @classmethod
    def named(cls, text: str) -> Row:
        model, object_id = text.split()
        return cls(model, int(object_id))


class Failure(NamedTuple):
    row: Row
    error: BaseException


def open_of(sink: str) -> dict[Row, DeadLetter]:
    letters = DeadLetter.objects.filter(sink=sink, outcome=DeadLetter.Outcome.OPEN)
    return {Row(letter.model, letter.object_id): letter for letter in letters}


def due(sink: str) -> list[Row]:
    """Rows that are to be tried again."""
    now = timezone.now()
    return [row for row, letter in open_of(sink).items() if letter.retry_at and letter.retry_at <= now]


class Aside:
    """The open letters of a sink, as they were before a batch."""

    def __init__(self, sink: str) -> None:
        self.sink, self.letters = sink, open_of(sink)

    @property
    def killers(self) -> set[Row]:
        """Rows that wait for a person: a worker died of them."""
        return {row for row, letter in self.letters.items() if letter.retry_at is None}

    def close(self, rows: set[Row] | None, *, but: Iterable[Failure]) -> None:
        """These rows, or all, got through after all, but for some that failed."""
        through = self.letters.keys() if rows is None else self.letters.keys() & rows
        close(self.sink, through - self.killers - {failure.row for failure in but})


def park(sink: str, failures: Iterable[Failure]) -> None:
    """Put rows aside. The worker tries them again later, and as soon as they change."""
    for row, error in failures:
        letter = _letter(sink, row)
        letter.attempts += letter.pk is not None
        letter.error, letter.retry_at = retry.describe(error), timezone.now() + pause(letter.attempts)
        letter.save()


def park_killer(sink: str, row: Row) -> None:
    """Put aside what a worker died of. Only a person has it tried again."""
    letter = _letter(sink, row)
    letter.error, letter.retry_at = KILLED, None
    letter.save()


def close(sink: str, rows: Iterable[Row]) -> None:
    """These rows got through."""
    if not (wanted := set(rows)):
        return
    found = open_of(sink)
    for row in found.keys() & wanted:
        letter = found[row]
        letter.outcome, letter.closed_at, letter.retry_at = DeadLetter.Outcome.DELIVERED, timezone.now(), None
        letter.save()


def pause(attempts: int) -> timedelta:
    return timedelta(seconds=min(LONGEST_PAUSE, PAUSE * 2 ** min(attempts - 1, 10)))


def _letter(sink: str, row: Row) -> DeadLetter:
    new = DeadLetter(sink=sink, model=row.model, object_id=row.object_id, parked_at=timezone.now())
    return open_of(sink).get(row, new)
