"""What a supervisor looks at: waits against their targets, rooms that are stuck, screens that are silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clinic import desk
from clinic.desk import Desk, Row, Tile


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service, how many wait for it, what a newcomer is told, and who waits longest."""

    tile: Tile
    longest: Row | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    desk: Desk
    services: list[Service]


def read(at: datetime) -> Overview:
    clinic = desk.read(at=at)
    return Overview(desk=clinic, services=[_service(tile, clinic.in_line) for tile in clinic.tiles])


def _service(tile: Tile, line: list[Row]) -> Service:
    waiting = [row for row in line if row.ticket.service_id == tile.service.pk]
    return Service(tile=tile, longest=max(waiting, key=lambda row: row.waited, default=None))
