"""What the desk shows: one value, read in a number of statements that does not grow with the lines."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils import timezone
from django.utils.translation import gettext as _

from queueing import ordering, waiting
from queueing.models import IN_ROOM, OPEN, WAITS, Event, Priority, Room, Service, Ticket, TicketQuerySet
from queueing.waiting import Range

Status = Ticket.Status
#: Verbs that say why a ticket stands where it stands; the latest of them holds.
EXPLAINING = ["ticket.held", "ticket.moved", "ticket.prioritised", "ticket.put_back", "ticket.transferred"]
#: So many no-shows of today can be put back from the desk, the latest first.
MISSED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A service to check in for, with what a newcomer would be told. Closed services have no estimate."""

    service: Service
    waiting: int
    estimate: Range | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A ticket that waits or is held. `place` is None while it is held; `rooms` are free and serve it."""

    ticket: Ticket
    place: int | None
    why: str
    waited: int
    late: bool
    expected: Range | None
    rooms: list[Room]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCard:
    """A room, who is in it since when, and whom it would call."""

    room: Room
    services: list[Service]
    ticket: Ticket | None
    since: datetime | None
    minutes: int
    head: Ticket | None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The whole clinic, and which part of its lines was asked for."""

    tiles: list[Tile]
    rows: list[Row]
    rooms: list[RoomCard]
    missed: list[Ticket]
    service: Service | None = None
    search: str = ""

    @cached_property
    def in_line(self) -> list[Row]:
        return [row for row in self.rows if row.place is not None]

    @cached_property
    def shown(self) -> list[Row]:
        return [row for row in self.rows if self._asked_for(row.ticket)]

    @cached_property
    def shown_missed(self) -> list[Ticket]:
        return [ticket for ticket in self.missed if self._asked_for(ticket)]

    @property
    def services(self) -> list[Service]:
        return [tile.service for tile in self.tiles]

    @property
    def longest(self) -> Row | None:
        return max(self.in_line, key=lambda row: row.waited, default=None)

    @property
    def to_complete(self) -> int:
        return sum(card.ticket is not None and card.ticket.status == Status.SERVING for card in self.rooms)

    def _asked_for(self, ticket: Ticket) -> bool:
        right_service = self.service is None or ticket.service_id == self.service.pk
        return right_service and matches(ticket, self.search)


def read(*, at: datetime, service_id: int | None = None, search: str = "") -> Desk:
    services = list(Service.objects.select_related("line").order_by("prefix"))
    rooms = list(Room.objects.prefetch_related("serves__service").order_by("name"))
    tickets = list(_with_names(Ticket.objects.filter(status__in=OPEN)).in_line())
    paces = waiting.paces([service.pk for service in services])
    return Desk(
        tiles=_tiles(services, tickets, paces),
        rows=_rows(tickets, rooms, paces, at),
        rooms=_room_cards(rooms, tickets, at),
        missed=_missed(at),
        service=next((service for service in services if service.pk == service_id), None),
        search=search.strip(),
    )


def matches(ticket: Ticket, search: str) -> bool:
    """By code (with or without its dash and noughts), reference or part of the name."""
    if not search:
        return True
    patient = ticket.patient
    texts = [patient.name, patient.reference or ""] if patient else []
    return _short(search) == _short(ticket.code) or any(
        search.casefold() in text.casefold() for text in [ticket.code, *texts]
    )


def _short(code: str) -> str:
    """a14, A-14 and A-014 name the same ticket."""
    return re.sub(r"^([a-z]+)[\s-]*0*", r"\1", code.strip().casefold())


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


def _rows(tickets: list[Ticket], rooms: list[Room], paces: dict[int, float], at: datetime) -> list[Row]:
    """Whoever waits, in the order of their positions, then whoever is held."""
    free, events, places = _free_rooms(rooms, tickets), _explanations(tickets), Counter[int]()
    rows = []
    for ticket in sorted((t for t in tickets if t.status in WAITS), key=lambda ticket: not ticket.is_waiting):
        places[ticket.service_id] += ticket.is_waiting
        place = places[ticket.service_id] if ticket.is_waiting else None
        waited = minutes(at, ticket.issued_at)
        rows.append(
            Row(
                ticket=ticket,
                place=place,
                why=why(ticket, events.get(ticket.pk)),
                waited=waited,
                late=waited > ticket.service.target_wait_minutes,
                expected=waiting.estimate(ahead=place - 1, pace=paces[ticket.service_id]) if place else None,
                rooms=free[ticket.service_id],
            )
        )
    return rows


def _free_rooms(rooms: list[Room], tickets: list[Ticket]) -> dict[int, list[Room]]:
    taken = {ticket.room_id for ticket in tickets if ticket.status in IN_ROOM}
    free: dict[int, list[Room]] = defaultdict(list)
    for room in rooms:
        if room.is_open and room.pk not in taken:
            for serves in room.serves.all():
                free[serves.service_id].append(room)
    return free


def _explanations(tickets: list[Ticket]) -> dict[int, Event]:
    events = Event.objects.filter(
        model=Ticket._meta.label_lower, object_id__in=[ticket.pk for ticket in tickets], verb__in=EXPLAINING
    )
    return {event.object_id: event for event in events.order_by("id")}


def why(ticket: Ticket, event: Event | None) -> str:
    """Why the ticket stands where it stands, in words."""
    if ticket.status == Status.HELD:
        return _("on hold: %(reason)s") % {"reason": event.reason} if event and event.reason else _("on hold")
    if event and event.verb == "ticket.moved":
        return _("moved by %(who)s: %(reason)s") % {"who": event.actor, "reason": event.reason}
    counts_from = timezone.localtime(ordering.moment(ticket.position))
    if counts_from.date() == timezone.localtime(ticket.issued_at).date():
        return _why_today(ticket, counts_from)
    hours = round((ticket.issued_at - counts_from).total_seconds() / 3600)
    return _("%(priority)s, counts %(hours)s h earlier") % {"priority": _priority(ticket), "hours": hours}


def _why_today(ticket: Ticket, counts_from: datetime) -> str:
    time = counts_from.strftime("%H:%M")
    if ticket.priority == Priority.LOW:
        return _("from %(time)s") % {"time": time}
    return _("%(priority)s, counts from %(time)s") % {"priority": _priority(ticket), "time": time}


def _priority(ticket: Ticket) -> str:
    return str(ticket.get_priority_display()).lower()


def _room_cards(rooms: list[Room], tickets: list[Ticket], at: datetime) -> list[RoomCard]:
    there = {ticket.room_id: ticket for ticket in tickets if ticket.status in IN_ROOM}
    line = [ticket for ticket in tickets if ticket.is_waiting]
    cards = []
    for room in rooms:
        services = [serves.service for serves in room.serves.all()]
        ticket = there.get(room.pk)
        since = (ticket.started_at or ticket.called_at) if ticket else None
        cards.append(
            RoomCard(
                room=room,
                services=services,
                ticket=ticket,
                since=since,
                minutes=minutes(at, since) if since else 0,
                head=next((ticket for ticket in line if ticket.service in services), None),
            )
        )
    return cards


def _missed(at: datetime) -> list[Ticket]:
    today = Ticket.objects.filter(status=Status.MISSED, day=timezone.localdate(at))
    return list(_with_names(today).order_by("-ended_at")[:MISSED])


def minutes(at: datetime, since: datetime) -> int:
    """Whole minutes that have passed; never negative, whatever the clocks say."""
    return max(0, int((at - since).total_seconds() // 60))
