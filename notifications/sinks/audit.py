"""Seals history into the audit trail. The one sink that reads in order, and that never skips anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone, translation

from notifications import chain, limits, reader, retry, sentences
from notifications.models import AuditEntry, Cursor
from notifications.sinks import base
from queueing.models import Event

#: Events that are held in memory at once. A window of any size is one transaction all the same.
CHUNK = 1000
#: Whoever writes it and whoever reads it: the trail has one language.
SEALED_IN = "en"


class AuditSink:
    name = "audit"
    gathers = 0.05

    def step(self, turn: base.Turn = base.FIRST) -> bool:
        cursor = base.cursor(self.name)
        if not reader.in_order(low=cursor.low).events.exists():
            return False  # without a lock: looking must not hold back the horizon
        if cursor.trying:
            raise retry.Stopped(
                f"A worker died while it sealed {cursor.trying}. Once mended: manage.py retrysink audit"
            )
        if turn.careful:
            self.rehearse(base.announcing(self.name))
        try:
            return self.seal_window(turn)
        except base.CursorMoved:
            raise
        except Exception as e:
            if retry.fault(e) in (retry.Fault.POISON, retry.Fault.BUG):
                self.rehearse(base.unannounced())
            raise

    def seal_window(self, turn: base.Turn) -> bool:
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
                turn=turn,
                started_at=started_at,
            )
            base.advance(self.name, batch)
        return True

    def rehearse(self, announcing: base.Announcing) -> None:
        """Seal the events one by one for the sake of trying, to learn which it is that cannot be sealed.

        :raises retry.Stopped: naming it
        """
        events = reader.in_order(low=base.cursor(self.name).low).events
        with announcing as say:
            for event in events.iterator(chunk_size=CHUNK):
                say(f"event {event.pk} ({event.verb})")
                try:
                    with transaction.atomic():
                        seal(iter([event]))
                        transaction.set_rollback(True)
                except Exception as e:
                    if retry.fault(e) in (retry.Fault.POISON, retry.Fault.BUG):
                        raise retry.Stopped(f"At event {event.pk} ({event.verb}). {retry.describe(e)}") from e
                    raise

    def probe(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def blame(self, thing: str) -> None:
        pass  # nothing is skipped: the cursor keeps the name, and `step` goes no further

    def close(self) -> None:
        pass


def seal(events: Iterator[Event]) -> tuple[int, int]:
    """Append an entry for each event. Returns their number and bytes."""
    head = AuditEntry.objects.order_by("-seq").first()
    count = size = 0
    while chunk := list(islice(events, CHUNK)):
        with translation.override(SEALED_IN):
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
