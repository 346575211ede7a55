"""Rows from the primary to the replica, as they are now. Call in a snapshot there and a transaction here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from django.db import connection, connections, models, transaction
from psycopg import sql

from notifications import retry
from notifications.letters import Failure, Row
from notifications.models import ReplicaState
from queueing.models import TRACKED, Line

#: Everything the replica shows. Lines change with nearly every event and are few, so they are copied whole.
COPIED: tuple[type[models.Model], ...] = (*TRACKED, Line)
# Name, type and whether it must have a value, of every column.
COLUMNS = """
    SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull::text
    FROM pg_attribute WHERE attrelid = ANY(%s::regclass[]) AND attnum > 0 AND NOT attisdropped
"""
BY_LABEL = {model._meta.label_lower: model for model in TRACKED}
#: Foreign key, unique.
CONFLICTS = ("23503", "23505")
LABELS = list(BY_LABEL)


def copy_touched(rows: Iterable[Row]) -> None:
    """Make these rows, and all lines, the same on the replica."""
    touched = _by_model(rows)
    for model, found in touched.items():
        _delete(model, found)
    _empty(Line)
    for model, found in touched.items():
        _insert(model, found)
    _insert(Line)


def copy_apart(rows: Iterable[Row], *, say: Callable[[Row], None] | None = None) -> list[Failure]:
    """The same, but rows that cannot be copied stay as they are there, and are returned.

    With `say` they are taken one by one, and each is told before it is tried.
    """
    ordered = sorted(rows, key=_order)
    failures = _one_by_one(ordered, say) if say else _by_halves(ordered)
    # Some only wait for each other, like two rows that exchange a unique value.
    waiting = [failure for failure in failures if retry.sqlstate(failure.error) in CONFLICTS]
    while waiting and len(again := _by_halves([failure.row for failure in waiting])) < len(waiting):
        failures = [failure for failure in failures if failure not in waiting] + again
        waiting = again
    copy_touched([])
    return failures


def copy_everything() -> None:
    """Make the whole replica the same."""
    empty_everything()
    for model in COPIED:
        _insert(model)


def empty_everything() -> None:
    """Not truncated: that would empty the tables at once for everybody who reads there, comparisons too."""
    for model in COPIED:
        _empty(model)


def every_row() -> Iterator[Row]:
    for label, model in BY_LABEL.items():
        yield from (Row(label, key) for key in model._default_manager.values_list("pk", flat=True))


def refuse_drift() -> None:
    """
    :raises retry.Drift: if the columns of both sides differ, naming them
    """
    ours, theirs = _columns("default"), _columns("replica")
    if ours != theirs:
        named = ", ".join(sorted({f"{table}.{column}" for table, column, *_ in ours ^ theirs}))
        raise retry.Drift(f"The columns of primary and replica differ: {named}. Migrate both; it goes on by itself.")


def copy_row(label: str, key: int) -> None:
    """Make one row, of a model in BY_LABEL, the same on the replica. Call outside a transaction: it has its own.

    :raises psycopg.Error, django.db.Error: when either side refuses; then nothing was written
    """
    with transaction.atomic(using="replica", durable=True):
        # Before the row is read, so that the sink never finds it older than what it wrote itself.
        list(ReplicaState.objects.using("replica").select_for_update(no_key=True))
        _delete(BY_LABEL[label], [key])
        _insert(BY_LABEL[label], [key])


def columns(model: type[models.Model]) -> Sequence[str]:
    """Those that are written; generated ones follow by themselves."""
    return [str(field.column) for field in model._meta.concrete_fields if not field.generated]


def _one_by_one(rows: Iterable[Row], say: Callable[[Row], None]) -> list[Failure]:
    failures = []
    for row in rows:
        say(row)
        failures += _by_halves([row])
    return failures


def _by_halves(rows: Sequence[Row]) -> list[Failure]:
    """Parents come first, so that a half never waits for the one after it."""
    if not rows or (error := _try(rows)) is None:
        return []
    if len(rows) == 1:
        return [Failure(rows[0], error)]
    half = len(rows) // 2
    return _by_halves(rows[:half]) + _by_halves(rows[half:])


def _try(rows: Sequence[Row]) -> Exception | None:
    try:
        with transaction.atomic(using="replica"):
            for model, found in _by_model(rows).items():
                _replace(model, found)
            with connections["replica"].cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the savepoint's end would not look
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except Exception as e:  # of Django, or of the driver: COPY is not Django's
        if retry.fault(e) is not retry.Fault.POISON:
            raise
        return e
    return None


def _by_model(rows: Iterable[Row]) -> dict[type[models.Model], list[int]]:
    """Of the models that the replica shows."""
    found: dict[type[models.Model], list[int]] = {}
    for row in rows:
        if row.model in BY_LABEL:
            found.setdefault(BY_LABEL[row.model], []).append(row.object_id)
    return found


def _order(row: Row) -> tuple[int, int]:
    return LABELS.index(row.model), row.object_id


def _columns(using: str) -> set[tuple[str, ...]]:
    tables = [model._meta.db_table for model in COPIED]
    with connections[using].cursor() as cursor:
        cursor.execute(COLUMNS, [tables])
        return set(cursor.fetchall())


def _replace(model: type[models.Model], keys: Sequence[int]) -> None:
    _delete(model, keys)
    _insert(model, keys)


def _delete(model: type[models.Model], keys: Iterable[int]) -> None:
    statement = sql.SQL("DELETE FROM {} WHERE {} = ANY(%s)").format(_table(model), _key(model))
    with connections["replica"].cursor() as cursor:
        cursor.execute(statement, [list(keys)])


def _empty(model: type[models.Model]) -> None:
    with connections["replica"].cursor() as cursor:
        cursor.execute(sql.SQL("DELETE FROM {}").format(_table(model)))


def _insert(model: type[models.Model], keys: Iterable[int] | None = None) -> int:
    """Straight from one COPY into the other: foreign keys are checked at the commit, so any order will do."""
    names = sql.SQL(", ").join(sql.Identifier(name) for name in columns(model))
    chosen = (
        sql.SQL("") if keys is None else sql.SQL(" WHERE {} = ANY({})").format(_key(model), sql.Literal(list(keys)))
    )
    read = sql.SQL("COPY (SELECT {} FROM {}{}) TO STDOUT").format(names, _table(model), chosen)
    write = sql.SQL("COPY {} ({}) FROM STDIN").format(_table(model), names)
    with connection.cursor() as source, connections["replica"].cursor() as target:
        with source.copy(read) as rows, target.copy(write) as arriving:
            for row in rows:
                arriving.write(row)
        return int(target.rowcount)


def _table(model: type[models.Model]) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


def _key(model: type[models.Model]) -> sql.Identifier:
    return sql.Identifier(str(model._meta.pk.column))
