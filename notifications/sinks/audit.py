"""Seals history into the audit trail. The one sink that reads in order, and that never skips anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.utils import timezone

from notifications import chain, limits, reader, sentences
from notifications.models import AuditEntry, Cursor
from notifications.sinks import base
from queueing.models import Event

#: Events that are held in memory at once. A window of any size is one transaction all the same.
CHUNK = 1000


class AuditSink:
    name = "audit"
    gathers = 0.05

    def step(self, *, attempt: int = 1) -> bool:
        if not reader.in_order(low=base.cursor(self.name).low).events.exists():
            return False  # without a lock: looking must not hold back the horizon
        started_at = timezone.now()
        with transaction.atomic(durable=True):
            limits.extend("default")
            cursor = Cursor.objects.select_for_update(no_key=True).get(sink=self.name)
            window = reader.in_order(low=cursor.low)
            events, size = seal(window.events.iterator(chunk_size=CHUNK))
            if not events:
                return False  # another worker held the cursor, and sealed them
            batch = base.Batch(
                low_from=cursor.low,
                low_to=window.low,
                events=events,
                bytes=size,
                attempt=attempt,
                started_at=started_at,
            )
            base.advance(self.name, batch)
        return True

    def close(self) -> None:
        pass


def seal(events: Iterator[Event]) -> tuple[int, int]:
    """Append an entry for each event. Returns their number and bytes."""
    head = AuditEntry.objects.order_by("-seq").first()
    count = size = 0
    while chunk := list(islice(events, CHUNK)):
        entries = list(_entries(chunk, head))
        AuditEntry.objects.bulk_create(entries)
        head = entries[-1]
        count += len(chunk)
        size += sum(event.bytes for event in chunk)
    return count, size


def _entries(events: Iterable[Event], head: AuditEntry | None) -> Iterator[AuditEntry]:
    names = sentences.names_for(events)
    for event in events:
        entry = AuditEntry(
            seq=head.seq + 1 if head else 1,
            event_id=event.pk,
            at=event.at,
            actor=event.actor,
            sentence=sentences.sentence(event, names),
            verb=event.verb,
            model=event.model,
            object_id=event.object_id,
            changes=event.changes,
            reason=event.reason,
            previous_hash=head.hash if head else "",
        )
        entry.hash = chain.digest(entry)
        head = entry
        yield entry
