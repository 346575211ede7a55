"""What the checker asks of a real clinic."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from queueing.models import Event, Priority, Room, Service, Ticket
from tests.proof.world import World


def events() -> list[dict[str, Any]]:
    return list(Event.objects.order_by("id").values())


def rows() -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in Ticket.objects.values()}


def world() -> World:
    return World(
        rooms={room.pk: sorted(room.serves.values_list("service_id", flat=True)) for room in Room.objects.all()},
        services={s.pk: {"prefix": s.prefix, "head_start": _head_start(s)} for s in Service.objects.all()},
        zone=timezone.get_default_timezone_name(),
    )


def _head_start(service: Service) -> dict[str, int]:
    """In microseconds, not by the service's own method, which may be wrong."""
    minutes = {priority: getattr(service, f"{priority}_head_start_minutes") for priority in Priority.values}
    return {priority: number * 60_000_000 for priority, number in minutes.items()}
