"""The journal by operation, and the event of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Any

from tests.proof.journal import FAIL, INVOKE, OK, UNKNOWN, Entry

Event = dict[str, Any]

TICKET = "queueing.ticket"
#: The event that each verb leaves.
LEAVES = {
    "issue": "ticket.issued",
    "call_next": "ticket.called",
    "call": "ticket.called",
    "recall": "ticket.recalled",
    "start": "ticket.started",
    "miss": "ticket.missed",
    "complete": "ticket.completed",
    "cancel": "ticket.cancelled",
    "hold": "ticket.held",
    "release": "ticket.released",
    "put_back": "ticket.put_back",
    "transfer": "ticket.transferred",
    "prioritise": "ticket.prioritised",
    "move": "ticket.moved",
    "reopen": "ticket.reopened",
    "undo": "ticket.undone",
    "come": "ticket.coming",
    "take_more_time": "ticket.delayed",
    "leave": "ticket.cancelled",
    "come_back": "ticket.undone",
}


@dataclass(slots=True, eq=False)
class Operation:
    begun: Entry
    ended: Entry | None = None

    @property
    def type(self) -> str:
        """Whoever was killed knows nothing of the end."""
        return self.ended.type if self.ended else UNKNOWN

    @property
    def entries(self) -> tuple[Entry, ...]:
        return (self.begun, self.ended) if self.ended else (self.begun,)

    @property
    def ticket(self) -> int | None:
        return (self.ended and self.ended.out.get("ticket")) or self.begun.given.get("ticket")


@dataclass(slots=True, eq=False)
class Action:
    """Operations with one key: the same press, sent again. Without a key each stands alone."""

    operations: list[Operation]
    events: list[Event] = field(default_factory=list)
    begin: float = 0
    #: When somebody was first told that it had happened.
    end: float = inf
    #: Whether its events are known; some without a key cannot be told apart.
    certain: bool = True

    def __post_init__(self) -> None:
        hopeful = self.of(OK, UNKNOWN) or self.operations
        self.begin = min(operation.begun.t for operation in hopeful)
        self.end = min((operation.ended.t for operation in self.of(OK) if operation.ended), default=inf)

    @property
    def begun(self) -> Entry:
        return self.operations[0].begun

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(entry for operation in self.operations for entry in operation.entries)

    @property
    def witness(self) -> tuple[Entry | Event, ...]:
        return (*self.entries, *self.events)

    def of(self, *types: str) -> list[Operation]:
        return [operation for operation in self.operations if operation.type in types]


def actions(journal: Iterable[Entry], events: Iterable[Event]) -> list[Action]:
    """In the order in which they began, each with its events."""
    found: dict[Any, list[Operation]] = defaultdict(list)
    for operation in _operations(journal):
        found[operation.begun.key or operation.begun.op].append(operation)
    made = [Action(operations) for operations in found.values()]
    _tie(made, events)
    return made


def _operations(journal: Iterable[Entry]) -> list[Operation]:
    found: dict[int, Operation] = {}
    for entry in journal:
        if entry.type == INVOKE:
            found[entry.op] = Operation(entry)
        else:
            found[entry.op].ended = entry
    return sorted(found.values(), key=lambda operation: operation.begun.t)


def _tie(made: list[Action], events: Iterable[Event]) -> None:
    """By the key. Without one, by what was done to which ticket."""
    keyed: dict[str, list[Event]] = defaultdict(list)
    keyless: dict[tuple[str, int], list[Event]] = defaultdict(list)
    for event in events:
        if event["key"]:
            keyed[event["key"]].append(event)
        elif event["model"] == TICKET:
            keyless[event["verb"], event["object_id"]].append(event)
    alike: dict[tuple[str, int], list[Action]] = defaultdict(list)
    for action in made:
        if action.begun.key:
            action.events = keyed.get(action.begun.key, [])
        else:
            alike[LEAVES[action.begun.verb], action.operations[0].ticket or 0].append(action)
    for what, which in alike.items():
        _tie_in_order(which, keyless.get(what, []))


def _tie_in_order(alike: list[Action], events: list[Event]) -> None:
    """One after another, if they were. Else only their number counts: whose each event is nobody can say."""
    hopeful = [action for action in alike if action.of(OK, UNKNOWN)]
    refused = [action for action in alike if action.of(FAIL)]
    for action, event in zip(refused, events[len(hopeful) :], strict=False):
        action.events = [event]
    if all(before.end < after.begin for before, after in pairwise(hopeful)):
        for action, event in zip(hopeful, events, strict=False):
            action.events = [event]
    else:
        enough = len(events) >= sum(bool(action.of(OK)) for action in hopeful)
        for action in hopeful:
            action.certain = not enough
