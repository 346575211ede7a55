"""Whether the replica shows what the primary holds, while both go on.

Note [Replica first]
The replica's snapshot shows one moment of the primary, and its ReplicaState, written with the rows, names it. The
primary's snapshot is opened after that, so it is younger: a row that differs was named by an event in between, and is
on its way. Nobody is held up for that. The other way round, or without a snapshot there, a delivery in between would
look like rows that the primary does not hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connections, models, transaction
from psycopg import sql

from notifications import copying, limits, reader
from notifications.letters import Row
from notifications.models import ReplicaState
from notifications.sinks import replica
from queueing.models import Line, Service

#: Keys that share a checksum.
CHUNK = 1000
# Independent of the order of rows, so nothing is sorted; md5 rather than hashtext, which may differ between versions.
CHUNKS = """
    SELECT {key} / {size}, count(*), bit_xor(('x' || left(md5(({row})::text), 16))::bit(64)::bigint)
    FROM {table} GROUP BY 1
"""
ROWS = "SELECT {key}, md5(({row})::text) FROM {table} WHERE {key} / {size} = ANY(%s)"

Keys = dict[str, list[int]]


class NeverFilled(Exception):
    """The replica has nothing to compare yet: start a worker, or run resyncreplica."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row that is not the same on both sides. `pending`: the next delivery will see to it."""

    model: type[models.Model]
    key: int
    kind: str
    pending: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Number of rows on the primary, and those that differ."""

    rows: int
    differences: list[Difference]


def compare() -> list[Difference]:
    """Rows that differ, those on their way among them. Empty: the replica shows the primary's present.

    :raises NeverFilled: if there is nothing to compare
    """
    return look().differences


def look() -> Look:
    """See Note [Replica first].

    :raises NeverFilled: if there is nothing to compare
    """
    rows, found = 0, []
    with limits.snapshot("replica"):
        state = ReplicaState.objects.using("replica").filter(pk=1).first()
        if not state:
            raise NeverFilled
        with reader.by_state(low=state.low, seen=state.snapshot) as now:
            limits.extend("default", to=limits.EVERYTHING)
            pending = {**now.keys, Line._meta.label_lower: _moved_lines(now)}
            for model in copying.COPIED:
                count, differences = _table(model, set(pending.get(model._meta.label_lower, [])))
                rows += count
                found += differences
    return Look(rows=rows, differences=found)


def repair(differences: Iterable[Difference]) -> int:
    """Copy these rows, and what is on its way, as they are now. Returns how many rows were copied."""
    with transaction.atomic(using="replica", durable=True):
        limits.extend("replica", to=limits.EVERYTHING)
        state = replica.locked_state()
        with reader.by_state(low=state.low, seen=state.snapshot) as now:
            rows = {Row(each.model._meta.label_lower, each.key) for each in differences} | replica.rows_of(now)
            # The state stays: the next delivery copies what was on its way once more.
            copying.copy_touched(rows)
    return len(rows)


def _table(model: type[models.Model], pending: set[int]) -> tuple[int, list[Difference]]:
    """Number of rows on the primary, and those that differ: only chunks that differ are read row by row."""
    ours, theirs = _chunks(model, "default"), _chunks(model, "replica")
    unequal = [chunk for chunk in ours | theirs if ours.get(chunk) != theirs.get(chunk)]
    differences = _differences(model, unequal, pending) if unequal else []
    return sum(rows for rows, _ in ours.values()), differences


def _differences(model: type[models.Model], chunks: list[int], pending: set[int]) -> list[Difference]:
    ours, theirs = _rows(model, "default", chunks), _rows(model, "replica", chunks)
    return [
        Difference(model=model, key=key, kind=_kind(key in ours, key in theirs), pending=key in pending)
        for key in sorted(ours | theirs)
        if ours.get(key) != theirs.get(key)
    ]


def _kind(here: bool, there: bool) -> str:
    if not there:
        return "missing on the replica"
    return "differs" if here else "only on the replica"


def _moved_lines(now: reader.State) -> list[int]:
    """Lines have no events of their own: each change counts the version up, beside an event of something else."""
    if not now.events:
        return []
    shown = dict(Line.objects.using("replica").values_list("pk", "version"))
    moved = [key for key, version in Line.objects.values_list("pk", "version") if version > shown.get(key, 0)]
    return moved + now.keys.get(Service._meta.label_lower, [])


def _chunks(model: type[models.Model], using: str) -> dict[int, tuple[int, int]]:
    """Number of rows and a checksum over them, by chunk."""
    with connections[using].cursor() as cursor:
        cursor.execute(_about(CHUNKS, model))
        return {chunk: (rows, checksum) for chunk, rows, checksum in cursor.fetchall()}


def _rows(model: type[models.Model], using: str, chunks: list[int]) -> dict[int, str]:
    with connections[using].cursor() as cursor:
        cursor.execute(_about(ROWS, model), [chunks])
        return dict(cursor.fetchall())


def _about(statement: str, model: type[models.Model]) -> sql.Composed:
    row = sql.SQL("ROW({})").format(sql.SQL(", ").join(map(sql.Identifier, copying.columns(model))))
    key, table = (sql.Identifier(str(name)) for name in (model._meta.pk.column, model._meta.db_table))
    return sql.SQL(statement).format(key=key, size=sql.Literal(CHUNK), row=row, table=table)
