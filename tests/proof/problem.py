"""What a checker finds, so that a person can see it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.proof.journal import Entry

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    sentence: str
    #: The operations and events that show it, and no others.
    witness: tuple[Entry | Event, ...] = ()

    def __str__(self) -> str:
        return "\n    ".join([self.sentence, *map(shown, self.witness)])


def shown(thing: Entry | Event) -> str:
    if isinstance(thing, Entry):
        return str(thing)
    said = {name: thing[name] for name in ("service_id", "reason", "key", "changes") if thing[name]}
    return f"event {thing['id']} at {thing['at']}: {thing['verb']} of {thing['object_id']} by {thing['actor']} {said}"
