"""Is a line sound? Asked in SQL that does not trust the constraints."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from django.db import connection

from queueing.models import Line

INTEGRITY = (Path(__file__).parent / "sql" / "integrity.sql").read_text()

WORDS = {
    "missing": "wait without a position",
    "duplicate": "share a position",
    "non_positive": "have a position that is not positive",
    "late": "count from later than the last arrival",
    "unexplained": "are not what their history says",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueIntegrity:
    """Ids of the tickets that break each rule, and the largest position of the line (None where nobody waits)."""

    service_id: int
    missing: list[int]
    duplicate: list[int]
    non_positive: list[int]
    late: list[int]
    unexplained: list[int]
    max_position: int | None

    @property
    def problems(self) -> list[str]:
        """A sentence for each broken rule; empty for a sound line."""
        found = {name: getattr(self, name) for name in WORDS}
        return [f"tickets {', '.join(map(str, ids))} {WORDS[name]}" for name, ids in found.items() if ids]


def validate_queue_integrity(service_id: int) -> QueueIntegrity:
    names = [field.name for field in fields(QueueIntegrity)][1:]
    day = Line.objects.filter(pk=service_id).values_list("day", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute(INTEGRITY, {"service_id": service_id, "day": day})
        found = dict(zip(names, cursor.fetchone(), strict=True))
    return QueueIntegrity(service_id=service_id, **found)
