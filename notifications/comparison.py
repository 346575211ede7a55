"""Whether the replica shows what the primary holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections, models, transaction
from psycopg import sql

from notifications import copying, limits, reader
from notifications.models import ReplicaState

# Independent of the order of rows, so nothing is sorted; md5 rather than hashtext, which may differ between versions.
CHECKSUM = "SELECT count(*), coalesce(bit_xor(('x' || left(md5(({})::text), 16))::bit(64)::bigint), 0) FROM {}"


@dataclass(frozen=True, slots=True)
class Table:
    """Number of rows and a checksum over them."""

    rows: int
    checksum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    table: str
    primary: Table
    replica: Table


def compare() -> list[Difference] | None:
    """Tables that differ, or None if the replica is not at the primary's present: then ask again."""
    with transaction.atomic(using="replica", durable=True):
        with connections["replica"].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        limits.extend("replica", to=limits.EVERYTHING)
        state = ReplicaState.objects.using("replica").filter(pk=1).first() or ReplicaState()
        theirs = _tables("replica")
        # The primary's snapshot is the younger one. If it shows no event more, both show the same moment.
        with reader.by_state(low=state.low, seen=state.snapshot) as now:
            if now.events or not state.snapshot:
                return None
            limits.extend("default", to=limits.EVERYTHING)
            ours = _tables("default")
    return [
        Difference(table=table, primary=ours[table], replica=theirs[table])
        for table in ours
        if ours[table] != theirs[table]
    ]


def _tables(using: str) -> dict[str, Table]:
    return {model._meta.db_table: _checksum(model, using) for model in copying.COPIED}


def _checksum(model: type[models.Model], using: str) -> Table:
    row = sql.SQL("ROW({})").format(sql.SQL(", ").join(map(sql.Identifier, copying.columns(model))))
    with connections[using].cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'UTC'")
        cursor.execute(sql.SQL(CHECKSUM).format(row, sql.Identifier(model._meta.db_table)))
        return Table(*cursor.fetchone())
