"""A day that could have been: journal, history and rows out of the model itself, of any length, in a moment."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.proof.journal import FAIL, INVOKE, OK, UNKNOWN, Entry
from tests.proof.model import Made, apply
from tests.proof.operations import LEAVES, TICKET, Event
from tests.proof.replay import RENUMBERED
from tests.proof.state import Act, Refused, State
from tests.proof.world import World

HOUR = 3_600_000_000
WORLD = World(
    rooms={1: [1], 2: [2], 3: [1, 2], 4: [3], 5: [1, 2, 3]},
    services={
        1: {"prefix": "A", "head_start": {"high": 48 * HOUR, "medium": 24 * HOUR, "low": 0}},
        2: {"prefix": "B", "head_start": {"high": HOUR, "medium": HOUR // 2, "low": 0}},
        3: {"prefix": "C", "head_start": {"high": 0, "medium": 0, "low": 0}},
    },
)
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
MILLISECOND = 1_000_000
FULL = 40
#: What is asked for of a ticket that is in this status. As often as each stands here.
NEXT = {
    "waiting": ["hold", "transfer", "prioritise", "move", "cancel", "call", "recall", "take_more_time", "undo"],
    "held": ["release", "release", "call", "transfer"],
    "called": ["start", "start", "start", "recall", "miss", "put_back", "come", "undo", "transfer", "hold"],
    "serving": ["complete", "complete", "complete", "complete", "put_back", "transfer", "start"],
    "missed": ["put_back", "undo"],
    "completed": ["reopen", "complete"],
    "cancelled": ["undo", "recall"],
}


@dataclass
class Day:
    """Clients that ask at once, are refused, killed, and ask again with the same key."""

    seed: int = 0
    journal: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state, self.random = State(WORLD), random.Random(self.seed)
        self.ops, self.t = 0, 0

    @property
    def rows(self) -> dict[int, dict[str, Any]]:
        return {ticket: {"id": ticket, **columns} for ticket, columns in self.state.tickets.items()}

    def live(self, operations: int) -> Day:
        while self.ops < operations:
            self.ask(*self.choose())
        self.journal.sort(key=lambda entry: entry.t)
        return self

    def choose(self) -> tuple[str, dict[str, Any]]:
        """Rooms work: whoever is in one is asked about, an empty one calls. A full line takes nobody more."""
        room, service = self.random.choice(list(WORLD.rooms)), self.random.choice(list(WORLD.services))
        if self.random.random() < 0.25 and len(self.state.lines[service].waiting) < FULL:
            return "issue", {"service": service, "priority": self.priority()}
        if self.random.random() < 0.5 and room in self.state.rooms:
            return self.about(self.state.rooms[room])
        if self.random.random() < 0.6 or not self.state.tickets:
            return "call_next", {"room": room}
        newest = len(self.state.tickets)
        return self.about(self.random.randint(max(1, newest - 30), newest))

    def about(self, ticket: int) -> tuple[str, dict[str, Any]]:
        verb = self.random.choice(NEXT[self.state.tickets[ticket]["status"]])
        reason = "faint" if verb in ("move", "reopen", "complete") else ""
        every = {
            "call": {"room": self.random.choice(list(WORLD.rooms))},
            "transfer": {"service": self.random.choice([1, 2, 3]), "at_end": self.random.random() < 0.5},
            "put_back": {"at_end": self.random.random() < 0.5},
            "prioritise": {"priority": self.priority()},
            "move": {"place": self.random.randint(1, 5)},
            "complete": {"outcome": self.random.choice(["seen", "left"])},
        }
        return verb, {"ticket": ticket, "reason": reason, **every.get(verb, {})}

    def priority(self) -> str:
        return self.random.choice(["high", "medium", "low", "low"])

    def ask(self, verb: str, given: dict[str, Any]) -> None:
        """One operation; of those whose answer is lost half are asked again."""
        key, type_, out = None if verb == "complete" else f"key-{self.ops}", OK, {}
        try:
            made = self.act(verb, given, key)
            out = {"ticket": made.ticket}
        except Refused as refusal:
            type_, out = FAIL, {"code": str(refusal), "status": 409}
        if self.random.random() > 0.02:
            self.write(verb, given, key, type_, out)
            return
        self.write(verb, given, key, UNKNOWN, {})
        if type_ == OK and key and self.random.random() < 0.5:
            self.write(verb, given, key, OK, out)

    def act(self, verb: str, given: dict[str, Any], key: str | None) -> Made:
        at = NINE + timedelta(milliseconds=self.t // MILLISECOND)
        new = len(self.state.tickets) + 1
        ticket = new if verb == "issue" else given.get("ticket")
        actor = "patient" if verb in ("come", "take_more_time") else "maria"
        made = apply(self.state, Act(verb=verb, at=at, actor=actor, ticket=ticket, given=given))
        for moved, pair in made.spread.items():
            self.tell(RENUMBERED, at, moved, "maria", {"position": pair})
        if made.changes:
            self.tell(LEAVES[verb], at, made.ticket, actor, made.changes, given.get("reason", ""), key)
        return made

    def tell(self, verb: str, at: datetime, ticket: int, actor: str, changes: Any, reason: str = "", key: Any = None):
        service = self.state.tickets[ticket]["service_id"]
        number = len(self.events) + 1
        who = {"actor": actor, "reason": reason, "key": key}
        what = {"model": TICKET, "object_id": ticket, "service_id": service, "verb": verb, "changes": changes}
        self.events.append({"id": number, "txid": number, "at": at, **what, **who})

    def write(self, verb: str, given: dict[str, Any], key: str | None, type_: str, out: dict[str, Any]) -> None:
        """Each happens half a millisecond after the one before; asking and being told takes longer than that."""
        self.ops += 1
        before, after = self.random.randint(1, 5 * MILLISECOND), self.random.randint(1, 5 * MILLISECOND)
        about = {"op": self.ops, "proc": self.ops % 8, "verb": verb, "key": key, "given": given}
        self.journal.append(Entry(t=self.t - before, type=INVOKE, **about))
        if type_ != UNKNOWN or self.random.random() < 0.5:
            self.journal.append(Entry(t=self.t + after, type=type_, out=out, **about))
        self.t += MILLISECOND // 2
