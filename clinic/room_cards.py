"""The rooms as the desk shows them: who is in each, and whom it would call."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from clinic import past
from clinic.past import Past
from notifications import screens
from notifications.screens import Shown
from queueing import board
from queueing.models import IN_ROOM, Room, Service, Ticket

Status = Ticket.Status
#: Minutes after which a call that nobody came to is stuck.
STUCK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCard:
    """A room, who is in it since when, where the call was shown, and whom it would call."""

    room: Room
    services: list[Service]
    ticket: Ticket | None
    version: int | None
    since: datetime | None
    minutes: int
    shown: Shown | None
    head: Ticket | None

    @property
    def stuck(self) -> bool:
        """Called a while ago, and nobody has said that the patient came."""
        return self.ticket is not None and self.ticket.status == Status.CALLED and self.minutes >= STUCK


def of(rooms: list[Room], tickets: list[Ticket], pasts: dict[int, Past], at: datetime) -> list[RoomCard]:
    there = {ticket.room_id: ticket for ticket in tickets if ticket.status in IN_ROOM}
    shown = _shown(list(there.values()))
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
                version=pasts.get(ticket.pk, past.NOTHING).version if ticket else None,
                since=since,
                minutes=past.minutes(at, since) if since else 0,
                shown=shown.get(ticket.pk) if ticket else None,
                head=next((ticket for ticket in line if ticket.service in services), None),
            )
        )
    return cards


def free(rooms: list[Room], tickets: list[Ticket]) -> dict[int, list[Room]]:
    """Service -> the rooms that could call from its line."""
    taken = {ticket.room_id for ticket in tickets if ticket.status in IN_ROOM}
    found: dict[int, list[Room]] = defaultdict(list)
    for room in rooms:
        if room.is_open and room.pk not in taken:
            for serves in room.serves.all():
                found[serves.service_id].append(room)
    return found


def _shown(tickets: list[Ticket]) -> dict[int, Shown]:
    """Ticket -> where its latest call was shown, of those that are called."""
    calls = {
        board.call_id(ticket.pk, ticket.call_count): (ticket.pk, ticket.called_at)
        for ticket in tickets
        if ticket.status == Status.CALLED and ticket.called_at
    }
    found = screens.shown(calls, min(at for _pk, at in calls.values())) if calls else {}
    return {calls[call][0]: shown for call, shown in found.items()}
