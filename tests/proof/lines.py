"""A line of the model: who waits at which position, and the positions it gives."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STEP = 1000


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(position: int) -> str:
    return (EPOCH + timedelta(microseconds=position)).isoformat()


@dataclass(slots=True)
class Line:
    day: str = ""
    last_number: int = 0
    last_arrival: int = 0
    #: (position, ticket), the next first.
    waiting: list[tuple[int, int]] = field(default_factory=list)

    def next_number(self, today: str) -> int:
        """A day never goes back."""
        self.day, began = max(today, self.day), today > self.day
        self.last_number = 1 if began else self.last_number + 1
        return self.last_number

    def arrive(self, at: datetime) -> int:
        self.last_arrival = max(microseconds(at), self.last_arrival + 1)
        return self.last_arrival

    def free(self, position: int) -> int:
        """The next free position at or after this one."""
        index = bisect_left(self.waiting, (position, 0))
        while index < len(self.waiting) and self.waiting[index][0] == position:
            index, position = index + 1, position + 1
        return position

    def enter(self, position: int) -> int:
        position = self.free(position)
        self.last_arrival = max(self.last_arrival, position)
        return position

    def between(self, position: int, ticket: int, place: int) -> int | None:
        """What puts a ticket that waits at this position at a place. None: no such place; 0: the line is too dense."""
        own = bisect_left(self.waiting, (position, ticket))

        def other(nth: int) -> int:
            return self.waiting[nth + (nth >= own)][0]

        others = len(self.waiting) - 1
        if place == 1:
            return other(0) - STEP if others else position
        if place < 1 or place > others + 1:
            return None
        if place == others + 1:
            return other(others - 1) + 1
        before, after = other(place - 2), other(place - 1)
        return (before + after) // 2 if after - before > 1 else 0

    def spread(self) -> dict[int, list[int]]:
        """Ticket -> [before, after] of those that stand elsewhere once the line is spread evenly."""
        positions, gaps = [position for position, _ticket in self.waiting], len(self.waiting) - 1
        last = positions[-1]
        first = min(positions[0], last - STEP * gaps)
        was = self.waiting
        self.waiting = [(first + (last - first) * n // gaps, ticket) for n, (_was, ticket) in enumerate(was)]
        pairs = zip(was, self.waiting, strict=True)
        return {ticket: [before, after] for (before, ticket), (after, _same) in pairs if before != after}

    def behind(self, position: int) -> int | None:
        """The next position that is taken."""
        index = bisect_left(self.waiting, (position + 1, 0))
        return self.waiting[index][0] if index < len(self.waiting) else None

    def place_of(self, position: int, ticket: int) -> int:
        """At which place a waiting ticket stands if it counts from this position."""
        ahead = bisect_left(self.waiting, (position, 0))
        return ahead + 1 - any(waits == ticket for _position, waits in self.waiting[:ahead])

    def add(self, position: int, ticket: int) -> None:
        insort(self.waiting, (position, ticket))

    def remove(self, position: int, ticket: int) -> None:
        del self.waiting[bisect_left(self.waiting, (position, ticket))]
