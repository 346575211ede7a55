"""Rows from the primary to the replica, as they are now. Call inside a snapshot there and a transaction here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, connections, models
from psycopg import sql

from queueing.models import TRACKED, Line

#: Everything the replica shows. Lines change with nearly every event and are few, so they are copied whole.
COPIED: tuple[type[models.Model], ...] = (*TRACKED, Line)
BY_LABEL = {model._meta.label_lower: model for model in TRACKED}


def copy_touched(keys: dict[str, list[int]]) -> int:
    """Make these rows, and all lines, the same on the replica. Returns how many were copied."""
    touched = [(BY_LABEL[label], found) for label, found in keys.items() if label in BY_LABEL]
    for model, found in touched:
        _delete(model, found)
    _empty(Line)
    return sum(_insert(model, found) for model, found in touched) + _insert(Line)


def copy_everything() -> int:
    """Make the whole replica the same. Returns how many rows were copied.

    Nothing is truncated: that would empty tables at once for everybody who reads there, comparisons too.
    """
    for model in COPIED:
        _empty(model)
    return sum(_insert(model) for model in COPIED)


def columns(model: type[models.Model]) -> Sequence[str]:
    """Those that are written; generated ones follow by themselves."""
    return [str(field.column) for field in model._meta.concrete_fields if not field.generated]


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
