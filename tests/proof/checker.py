"""Whether what clients were told, what history says and what the rows are can all be true of one clinic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.proof.journal import Entry
from tests.proof.world import World

Event = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    sentence: str
    #: The operations and events that show it, and no others.
    witness: tuple[Entry | Event, ...] = ()

    def __str__(self) -> str:
        return "\n  ".join([self.sentence, *map(str, self.witness)])


def check(journal: list[Entry], events: list[Event], tickets: dict[int, dict[str, Any]], world: World) -> list[Problem]:
    """Everything that is not as it must be. `events` in the order of their ids."""
    return []
