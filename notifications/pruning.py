"""Takes out of history what every sink has taken. What may go, sql/pruning.sql decides."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection, transaction

from notifications import limits, progress
from notifications.models import Cursor
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


def sinks_that_never_read() -> list[str]:
    """While there is one, everything has to be kept for it."""
    return sorted(set(progress.SINKS) - set(Cursor.objects.values_list("sink", flat=True)))


def _remove(days: int, most: int) -> Removed:
    with connection.cursor() as cursor:
        cursor.execute(PRUNE, [days, most])
        return Removed(*cursor.fetchone())
