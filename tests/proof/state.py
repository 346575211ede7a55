"""What the model holds: tickets, lines, rooms, and the steps that led there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.proof.lines import Line
from tests.proof.world import World

#: The columns of its row that a verb decides, as history has them: times and days are text.
Ticket = dict[str, Any]
#: Column -> [before, after]
Changes = dict[str, list[Any]]

TIMES = ("called_at", "started_at", "ended_at", "coming_at", "more_time_at")
TEXTS = ("completed_by", "outcome", "reason")
COLUMNS = ("service_id", "code", "day", "priority", "status", "position", "room_id", "call_count", "issued_at")
COLUMNS += (*TIMES, *TEXTS)
NEW: Ticket = dict.fromkeys(COLUMNS)
WAITS, IN_ROOM = ("waiting", "held"), ("called", "serving")


class Refused(Exception):
    """Nothing was changed; `str()` is the code of the refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    verb: str
    at: datetime
    actor: str
    #: Of `issue`, the number that the new ticket gets.
    ticket: int | None = None
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    act: Act
    changes: Changes


class State:
    def __init__(self, world: World) -> None:
        self.world, self.zone = world, ZoneInfo(world.zone)
        self.lines = {service: Line() for service in world.services}
        self.tickets: dict[int, Ticket] = {}
        self.steps: dict[int, list[Step]] = {}
        #: Who is called to it or in it.
        self.rooms: dict[int, int] = {}
        self.closed_services: set[int] = set()
        self.closed_rooms: set[int] = set()

    def head(self, room: int) -> int | None:
        """Who is next: the smallest position of the room's lines."""
        heads = [self.lines[service].waiting[0] for service in self.world.rooms[room] if self.lines[service].waiting]
        return min(heads)[1] if heads else None

    def expect_empty(self, room: int, ticket: int | None = None) -> None:
        """But for this ticket."""
        if self.rooms.get(room, ticket) != ticket:
            raise Refused("room_busy")

    def expect_free(self, room: int) -> None:
        if room in self.closed_rooms:
            raise Refused("room_closed")
        self.expect_empty(room)

    def spread(self, service: int) -> dict[int, list[int]]:
        moved = self.lines[service].spread()
        for ticket, (_before, after) in moved.items():
            self.tickets[ticket] = {**self.tickets[ticket], "position": after}
        return moved

    def write(self, ticket: int, after: Ticket) -> Changes:
        """The ticket is this from now on, and stands where it says."""
        before = self.tickets.get(ticket, NEW)
        if before["status"] == "waiting":
            self.lines[before["service_id"]].remove(before["position"], ticket)
        if after["status"] == "waiting":
            self.lines[after["service_id"]].add(after["position"], ticket)
        if before["status"] in IN_ROOM and self.rooms.get(before["room_id"]) == ticket:
            del self.rooms[before["room_id"]]
        if after["status"] in IN_ROOM:
            self.rooms[after["room_id"]] = ticket
        self.tickets[ticket] = after
        return {column: [before[column], after[column]] for column in COLUMNS if before[column] != after[column]}
