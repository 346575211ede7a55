"""What does not change while the clinic is watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    #: Room -> the services that it serves.
    rooms: dict[int, list[int]]
    #: Service -> {"prefix": "A", "head_start": {"high": microseconds, "medium": ..., "low": ...}}
    services: dict[int, dict[str, Any]]
    #: Of the clinic, whose midnight begins a day of codes.
    zone: str = "UTC"
