"""History, event after event, through the model.

Whoever changes a line holds its lock from before it reads until it has committed, and an event gets its id in between.
So the ids of one line are in the order of its commits; a room is taken and left in the order of ids as well, because
the database lets nobody in while another is there. Across lines ids may be out of order, but such events do not know
each other: the order of ids is one in which everything could have happened one after another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.proof.journal import Entry
from tests.proof.model import Made, apply
from tests.proof.moments import Scope, Spells
from tests.proof.operations import LEAVES, TICKET, Action, Event
from tests.proof.problem import Problem
from tests.proof.state import COLUMNS, NEW, Act, Refused, State, Step, Ticket
from tests.proof.world import World

ROOM = "queueing.room"
RENUMBERED = "ticket.renumbered"
#: What an event without an operation was, where the name says it.
VERBS = {leaves: verb for verb, leaves in LEAVES.items() if verb not in ("call_next", "leave", "come_back")}


@dataclass
class Replay:
    world: World
    #: Event -> the action that asked for it.
    asked: dict[int, Action]
    problems: list[Problem] = field(default_factory=list)
    spells: Spells = field(default_factory=Spells)
    #: Event of an action -> the lines, rooms and tickets that it touched.
    touched: dict[int, set[Scope]] = field(default_factory=dict)
    #: The last event of each ticket.
    last: dict[int, Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state = State(self.world)
        #: Of a line that is being spread, what is still to come.
        self._spread: dict[int, dict[int, list[int]]] = {}
        self._rooms = defaultdict(list)
        for room, services in self.world.rooms.items():
            self.spells.note(("empty", room), True, 0)
            for service in services:
                self._rooms[service].append(room)

    def run(self, events: Iterable[Event]) -> None:
        for event in events:
            if event["model"] == TICKET:
                was = self.state.tickets.get(event["object_id"], NEW)
                if event["verb"] == RENUMBERED:
                    self._renumber(event)
                else:
                    self._step(event, was)
                self._note(event, was, self.state.tickets[event["object_id"]])
                self.last[event["object_id"]] = event
            elif event["model"] == ROOM:
                self._open(event)
        for service, left in self._spread.items():
            self.problems.append(Problem(f"the line of service {service} was spread but for tickets {sorted(left)}"))

    def _open(self, event: Event) -> None:
        """A room is paused under the locks of its lines; the admin saves it without, so of that nothing is said."""
        if event["verb"] == "room.paused":
            self.state.closed_rooms.add(event["object_id"])
        else:
            self.state.closed_rooms.discard(event["object_id"])

    def _step(self, event: Event, was: Ticket) -> None:
        ticket = event["object_id"]
        if left := self._spread.pop(event["service_id"], None):
            self._tell(f"{len(left)} tickets were to be spread before it, and were not", event, *left)
        try:
            made = apply(self.state, self._act(event))
        except Refused as refusal:
            self._tell(f"it had to be refused: {refusal}", event, *self._in_the_way(event, str(refusal)))
        except (LookupError, TypeError, AttributeError):
            self._tell("it does not say enough to be understood", event)
        else:
            if made.changes == _decided(event) and made.spread == {} and event["service_id"] == self._service(ticket):
                return
            self._tell(_difference(made, event), event)
        self._believe(event, was)

    def _act(self, event: Event) -> Act:
        verb, given = self._asked(event)
        return Act(verb=verb, at=event["at"], actor=event["actor"], ticket=event["object_id"], given=given)

    def _asked(self, event: Event) -> tuple[str, dict[str, Any]]:
        """What was asked for: by the journal, else as far as the event itself tells."""
        verb, told = self._told(event)
        entry = self._entry(event)
        if entry is None:
            return verb, told
        if entry.verb == "call_next":
            self._expect_head(event, entry)
        return "call" if entry.verb == "call_next" else entry.verb, {**told, "at_end": False, **entry.given}

    def _entry(self, event: Event) -> Entry | None:
        action = self.asked.get(event["id"])
        fits = action is not None and LEAVES[action.begun.verb] == event["verb"]
        return action.begun if action and fits else None

    def _told(self, event: Event) -> tuple[str, dict[str, Any]]:
        after = {column: pair[1] for column, pair in event["changes"].items()}
        given = {"service": event["service_id"], "room": after.get("room_id"), "priority": after.get("priority")}
        given |= {"outcome": after.get("outcome") or "seen", "reason": event["reason"]}
        verb = VERBS[event["verb"]]
        if event["actor"] == "patient" and verb == "undo":
            return "come_back", given
        if verb == "move":
            return verb, {**given, "place": self._place(event, after)}
        return verb, {**given, "at_end": verb in ("put_back", "transfer") and self._at_end(event, after)}

    def _at_end(self, event: Event, after: Ticket) -> bool:
        """Whoever keeps a position gets it, or the next one that is free."""
        position = self.state.tickets[event["object_id"]]["position"]
        return after.get("position", position) != self.state.lines[event["service_id"]].free(position)

    def _place(self, event: Event, after: Ticket) -> int:
        was = self.state.tickets[event["object_id"]]
        line = self.state.lines[was["service_id"]]
        return line.place_of(after.get("position", was["position"]), event["object_id"])

    def _expect_head(self, event: Event, entry: Entry) -> None:
        ticket, room = event["object_id"], entry.given["room"]
        head = self.state.head(room)
        if head not in (None, ticket):
            self._tell(f"ticket {ticket} was called next to room {room}, and ticket {head} was next", event, head)

    def _renumber(self, event: Event) -> None:
        """The line is spread as a whole; then each of its events must say what came of its ticket."""
        service, ticket = event["service_id"], event["object_id"]
        if ticket not in self._spread.get(service, {}):
            waits = len(self.state.lines[service].waiting) > 1
            self._spread[service] = self.state.spread(service) if waits else {}
        if self._spread[service].pop(ticket, None) != event["changes"].get("position") or len(event["changes"]) != 1:
            self._tell("it does not spread the line evenly and in its order", event)
            self._believe(event, self.state.tickets.get(ticket, NEW))
        if not self._spread[service]:
            del self._spread[service]

    def _believe(self, event: Event, was: Ticket) -> None:
        """History is what it is: what follows is measured by it."""
        ticket, decided = event["object_id"], _decided(event)
        now = {**was, **{column: after for column, (_before, after) in decided.items()}}
        if now["status"] == "waiting":
            line = self.state.lines[now["service_id"]]
            line.last_arrival = max(line.last_arrival, now["position"])
        self.state.write(ticket, now)
        self.state.steps.setdefault(ticket, [])
        if event["verb"] in VERBS:
            act = Act(verb=VERBS[event["verb"]], at=event["at"], actor=event["actor"], ticket=ticket)
            self.state.steps[ticket].append(Step(act, decided))

    def _note(self, event: Event, was: Ticket, now: Ticket) -> None:
        moment, ticket = event["id"], event["object_id"]
        services, rooms = {was["service_id"], now["service_id"]}, {was["room_id"], now["room_id"]}
        if event["id"] in self.asked:
            lines = {("line", service) for service in services}
            self.touched[event["id"]] = lines | {("room", room) for room in rooms} | {("ticket", ticket)}
        for column in ("status", "priority"):
            if was[column] != now[column]:
                self.spells.note((column, ticket, was[column]), False, moment)
                self.spells.note((column, ticket, now[column]), True, moment)
        if was["status"] != now["status"] or len(services) > 1:
            for room in rooms - {None}:
                self.spells.note(("busy", room), room in self.state.rooms, moment)
            for room in {room for service in services for room in self._rooms[service]}:
                self.spells.note(("empty", room), self.state.head(room) is None, moment)

    def _in_the_way(self, event: Event, code: str) -> list[int]:
        """Of a busy room, who is in it."""
        room = event["changes"].get("room_id", [None, None])[1]
        return [self.state.rooms[room]] if code == "room_busy" and room in self.state.rooms else []

    def _service(self, ticket: int) -> int:
        service: int = self.state.tickets[ticket]["service_id"]
        return service

    def _tell(self, sentence: str, event: Event, *others: int) -> None:
        """With the operation that asked for it, and what was last done to this ticket and others that matter."""
        action = self.asked.get(event["id"])
        before = [self.last[ticket] for ticket in {event["object_id"], *others} if ticket in self.last]
        what = f"event {event['id']}, {event['verb']} of ticket {event['object_id']}: {sentence}"
        self.problems.append(Problem(what, (*sorted(before, key=_id), event, *(action.entries if action else ()))))


def _id(event: Event) -> int:
    number: int = event["id"]
    return number


def _decided(event: Event) -> dict[str, list[Any]]:
    return {column: pair for column, pair in event["changes"].items() if column in COLUMNS}


def _difference(made: Made, event: Event) -> str:
    if made.spread:
        return "the line had to be spread first"
    theirs = _decided(event)
    for column in COLUMNS:
        if made.changes.get(column) != theirs.get(column):
            return f"{column} is {theirs.get(column)}, and must be {made.changes.get(column)}"
    return f"it is of service {event['service_id']}"
