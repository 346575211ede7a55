"""What the desk shows: one value, read in a number of statements that does not grow with the lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.utils import timezone

from clinic import past, room_cards, search
from clinic.past import Action, Past
from clinic.room_cards import RoomCard
from notifications import screens
from notifications.screens import Screen
from queueing import waiting
from queueing.models import OPEN, WAITS, Room, Service, Ticket, TicketQuerySet
from queueing.waiting import Range

Status = Ticket.Status
#: So many no-shows of today can be put back from the desk, the latest first.
MISSED = 12
#: From this part of the target on a wait is near it.
NEAR = 0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A service to check in for, with what a newcomer would be told. Closed services have no estimate."""

    service: Service
    waiting: int
    estimate: Range | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A ticket that waits or is held. `place` is None while it is held; `rooms` are free and serve it.

    `undo` is the event that brought it here, if that can be taken back.
    """

    ticket: Ticket
    place: int | None
    version: int | None
    undo: int | None
    why: str
    waited: int
    expected: Range | None
    rooms: list[Room]

    @property
    def late(self) -> bool:
        return self.waited > self.ticket.service.target_wait_minutes

    @property
    def near(self) -> bool:
        """Not late, and soon to be."""
        return not self.late and self.waited >= NEAR * self.ticket.service.target_wait_minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A ticket of today that has ended; `undo` is the event that ended it, if that can be taken back."""

    ticket: Ticket
    version: int | None
    undo: int | None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The whole clinic, and which part of its lines was asked for."""

    tiles: list[Tile]
    rows: list[Row]
    rooms: list[RoomCard]
    missed: list[Ended]
    screens: list[Screen]
    mine: list[Action]
    service: Service | None = None
    search: str = ""
    #: What the search has found: tickets that are open by their keys, and those that have ended.
    found: set[int] = field(default_factory=set)
    ended: list[Ended] = field(default_factory=list)
    #: The room that this desk calls to, by its key.
    chosen: int | None = None

    @cached_property
    def in_line(self) -> list[Row]:
        return [row for row in self.rows if row.place is not None]

    @cached_property
    def shown(self) -> list[Row]:
        return [row for row in self.rows if self._asked_for(row.ticket)]

    @cached_property
    def shown_missed(self) -> list[Ended]:
        return [] if self.search else [ended for ended in self.missed if self._asked_for(ended.ticket)]

    @property
    def matches(self) -> int:
        return len(self.found) + len(self.ended)

    @cached_property
    def next_room(self) -> int | None:
        """Where *call next* by the keyboard leads: the room chosen, else the first free one with somebody to call."""
        free = (card.room.pk for card in self.rooms if card.room.is_open and not card.ticket and card.head)
        return self.chosen if self.chosen in {card.room.pk for card in self.rooms} else next(free, None)

    @cached_property
    def latest_call(self) -> int | None:
        """The ticket that *call again* by the keyboard calls."""
        called = [card.ticket for card in self.rooms if card.ticket and card.ticket.status == Status.CALLED]
        return max(called, key=lambda ticket: (ticket.called_at, ticket.pk)).pk if called else None

    @cached_property
    def silent(self) -> int:
        return sum(screen.silent for screen in self.screens)

    @property
    def live(self) -> int:
        return len(self.screens) - self.silent

    @property
    def services(self) -> list[Service]:
        return [tile.service for tile in self.tiles]

    @property
    def longest(self) -> Row | None:
        return max(self.in_line, key=lambda row: row.waited, default=None)

    @cached_property
    def to_complete(self) -> list[RoomCard]:
        return [card for card in self.rooms if card.ticket and card.ticket.status == Status.SERVING]

    def row_of(self, ticket: Ticket | None) -> Row | None:
        """Where the ticket stands, if it does."""
        return next((row for row in self.rows if row.ticket == ticket), None)

    def _asked_for(self, ticket: Ticket) -> bool:
        right_service = self.service is None or ticket.service_id == self.service.pk
        return right_service and (not self.search or ticket.pk in self.found)


def read(
    *, at: datetime, service_id: int | None = None, words: str = "", username: str = "", chosen: int | None = None
) -> Desk:
    """The desk of somebody who looks at one line or all, or searches for words, and calls to the chosen room."""
    services = list(Service.objects.select_related("line").order_by("prefix"))
    rooms = list(Room.objects.prefetch_related("serves__service").order_by("name"))
    tickets = list(_with_names(Ticket.objects.filter(status__in=OPEN)).in_line())
    paces = waiting.paces([service.pk for service in services])
    found = search.find(words, at) if words else []
    ended, missed = [ticket for ticket in found if ticket.status not in OPEN], _missed(at)
    pasts = past.of([*tickets, *missed, *ended])
    return Desk(
        tiles=_tiles(services, tickets, paces),
        rows=_rows(tickets, rooms, paces, pasts, at),
        rooms=room_cards.of(rooms, tickets, pasts, at),
        missed=_ended(missed, pasts, at),
        screens=screens.read(at),
        mine=past.mine(username, at) if username else [],
        service=next((service for service in services if service.pk == service_id), None),
        search=words,
        found={ticket.pk for ticket in found if ticket.status in OPEN},
        ended=_ended(ended, pasts, at),
        chosen=chosen,
    )


def _with_names(tickets: TicketQuerySet) -> TicketQuerySet:
    return tickets.select_related("service", "room", "patient")


def _tiles(services: list[Service], tickets: list[Ticket], paces: dict[int, float]) -> list[Tile]:
    lengths = Counter(ticket.service_id for ticket in tickets if ticket.is_waiting)
    return [
        Tile(
            service=service,
            waiting=lengths[service.pk],
            estimate=waiting.estimate(ahead=lengths[service.pk], pace=paces[service.pk]) if service.is_open else None,
        )
        for service in services
    ]


def _rows(
    tickets: list[Ticket], rooms: list[Room], paces: dict[int, float], pasts: dict[int, Past], at: datetime
) -> list[Row]:
    """Whoever waits, in the order of their positions, then whoever is held."""
    free, places = room_cards.free(rooms, tickets), Counter[int]()
    rows = []
    for ticket in sorted((t for t in tickets if t.status in WAITS), key=lambda ticket: not ticket.is_waiting):
        places[ticket.service_id] += ticket.is_waiting
        place = places[ticket.service_id] if ticket.is_waiting else None
        what = pasts.get(ticket.pk, past.NOTHING)
        rows.append(
            Row(
                ticket=ticket,
                place=place,
                version=what.version,
                undo=what.undo(at),
                why=past.why(ticket, what.why),
                waited=past.minutes(at, ticket.issued_at),
                expected=waiting.estimate(ahead=place - 1, pace=paces[ticket.service_id]) if place else None,
                rooms=free[ticket.service_id],
            )
        )
    return rows


def _ended(tickets: list[Ticket], pasts: dict[int, Past], at: datetime) -> list[Ended]:
    whats = [(ticket, pasts.get(ticket.pk, past.NOTHING)) for ticket in tickets]
    return [Ended(ticket=ticket, version=what.version, undo=what.undo(at)) for ticket, what in whats]


def _missed(at: datetime) -> list[Ticket]:
    today = Ticket.objects.filter(status=Status.MISSED, day=timezone.localdate(at))
    return list(_with_names(today).order_by("-ended_at")[:MISSED])
