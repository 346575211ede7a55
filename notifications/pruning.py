"""Takes out of history what every sink has taken. What may go, sql/pruning.sql decides."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from notifications import limits, progress
from notifications.models import Activity, Cursor, DeadLetter, Delivery
from queueing import history

PRUNE = "SELECT events, first_id, last_id FROM notifications_prune_history(make_interval(days => %s), %s)"


class Removed(NamedTuple):
    events: int
    #: Smallest and largest id; None where nothing was removed.
    first_id: int | None
    last_id: int | None


def prune_chunk(*, days: int, chunk: int) -> int:
    """Remove at most `chunk` events older than `days`, and note it in the same transaction. Returns their number."""
    with transaction.atomic(durable=True), history.operation(actor="prunehistory"):
        limits.extend("default")
        removed = _remove(days, chunk)
        if removed.last_id:
            changes = {name: [None, value] for name, value in removed._asdict().items()}
            history.note("history.pruned", model="queueing.event", object_id=removed.last_id, changes=changes)
    return removed.events


def prune_records(*, days: int, chunk: int) -> int:
    """Remove what is known of batches, closed letters and activity of that age. Returns the number of rows."""
    before, removed = timezone.now() - timedelta(days=days), 0
    for model, moment in ((Delivery, "finished_at"), (DeadLetter, "closed_at"), (Activity, "at")):
        old = model._default_manager.filter(**{f"{moment}__lt": before}).order_by("pk")
        while found := old.filter(pk__in=list(old.values_list("pk", flat=True)[:chunk])).delete()[0]:
            removed += found
    return removed


def sinks_that_never_read() -> list[str]:
    """While there is one, everything has to be kept for it."""
    return sorted(set(progress.SINKS) - set(Cursor.objects.values_list("sink", flat=True)))


def _remove(days: int, most: int) -> Removed:
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, [days, most])
        return Removed(*cursor.fetchone())
