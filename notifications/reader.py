"""The two ways to read history that lose nothing.

Note [Why not by id]
An id is handed out before its transaction commits. A reader that goes on after the highest id it saw never sees an
event with a lower id that commits later. Both ways below go by transactions instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, models
from django.db.models.functions import Cast

from notifications import limits
from queueing.fields import TransactionIdField
from queueing.models import Event

# Events that are visible now and were not in the snapshot of the last read.
UNSEEN = "txid >= %s::text::xid8 AND (%s = '' OR NOT pg_visible_in_snapshot(txid, nullif(%s, '')::pg_snapshot))"
BY_ROW = f"""
    SELECT model, object_id, array_agg(DISTINCT action::text), count(*), sum(bytes)
    FROM queueing_event WHERE {UNSEEN} GROUP BY model, object_id
"""  # noqa: S608
NEWS = f"SELECT EXISTS (SELECT FROM queueing_event WHERE {UNSEEN})"  # noqa: S608
BACKLOG = f"SELECT count(*), coalesce(sum(bytes), 0), min(at) FROM queueing_event WHERE {UNSEEN}"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Events of whole transactions that have all ended, and where the next window begins."""

    events: models.QuerySet[Event]
    low: int


@dataclass(slots=True, kw_only=True)
class State:
    """What has changed since the last read, and the moment that the current rows are of."""

    low: int
    snapshot: str
    events: int = 0
    bytes: int = 0
    #: Model label -> primary keys of rows that were touched.
    keys: dict[str, list[int]] = field(default_factory=dict)
    #: (model label, action) of everything that happened.
    actions: set[tuple[str, str]] = field(default_factory=set)


def in_order(*, low: int) -> Window:
    """Every event once, causes before effects: whole transactions in the order of ids. Waits for open writers.

    Cutting such a window in two would tear effects from their causes, so read it all, in chunks.
    """
    high = horizon()
    lower, upper = _transaction_id(low), _transaction_id(high)
    return Window(events=Event.objects.filter(txid__gte=lower, txid__lt=upper).order_by("id"), low=high)


@contextmanager
def by_state(*, low: int, seen: str = "") -> Iterator[State]:
    """Which rows have changed, inside a read-only snapshot in which the current rows can be read.

    Waits for nobody. `seen` is the snapshot of the last read, so that an open writer elsewhere, which holds `low`
    back, does not make the same events new again. An event may still be seen twice; its row is then copied twice.
    """
    with limits.snapshot(connection.alias, to=limits.BATCH), connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text, pg_current_snapshot()::text")
        xmin, snapshot = cursor.fetchone()
        state = State(low=int(xmin), snapshot=snapshot)
        cursor.execute(BY_ROW, [str(low), seen, seen])
        for row in cursor.fetchall():
            _add(state, *row)
        yield state


def has_news(*, low: int, seen: str = "") -> bool:
    """Whether `by_state` would find anything. Cheap, and without a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(NEWS, [str(low), seen, seen])
        return bool(cursor.fetchone()[0])


def horizon() -> int:
    """Every transaction below has ended: its events are visible now or never."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])


def backlog(*, low: int, seen: str = "") -> tuple[int, int, datetime | None]:
    """Number of events not read yet, their bytes, and when the oldest happened (None without any)."""
    with connection.cursor() as cursor:
        cursor.execute(BACKLOG, [str(low), seen, seen])
        events, size, oldest = cursor.fetchone()
    return events, int(size), oldest


def _add(state: State, model: str, object_id: int, actions: list[str], events: int, size: int) -> None:
    state.keys.setdefault(model, []).append(object_id)
    state.actions.update((model, action) for action in actions)
    state.events += events
    state.bytes += int(size)


def _transaction_id(value: int) -> Cast:
    return Cast(models.Value(str(value)), TransactionIdField())
