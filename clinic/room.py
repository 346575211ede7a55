"""What the panel of one room shows: who is in it, and who comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinic import desk
from clinic.desk import Desk, Row
from clinic.room_cards import RoomCard
from queueing.models import Room, Service

#: So many of its lines stand under "next".
NEXT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`services` are those a patient can be sent on to."""

    desk: Desk
    card: RoomCard
    next: list[Row]
    waiting: int
    services: list[Service]


def read(room_id: int, *, at: datetime) -> Panel:
    """
    :raises Room.DoesNotExist: if there is no such room
    """
    clinic = desk.read(at=at)
    card = next((card for card in clinic.rooms if card.room.pk == room_id), None)
    if card is None:
        raise Room.DoesNotExist
    line = [row for row in clinic.in_line if row.ticket.service in card.services]
    here = card.ticket.service if card.ticket else None
    others = [service for service in clinic.services if service.is_open and service != here]
    return Panel(desk=clinic, card=card, next=line[:NEXT], waiting=len(line), services=others)
