"""What the replica needs of the schema, looked up where it is true: in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import connections

from notifications import copying

# Rows are deleted and copied again in one transaction, so a key must be checked at its end, and must not cascade.
UNFIT_KEYS = """
    SELECT conname FROM pg_constraint
    WHERE contype = 'f' AND confrelid::regclass::text = ANY(%s) AND NOT (condeferred AND confdeltype = 'a')
    ORDER BY conname
"""


@checks.register(checks.Tags.database)
def check_foreign_keys(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    tables = [model._meta.db_table for model in copying.COPIED]
    return [
        checks.Error(
            f"{name} on {alias} is not DEFERRABLE INITIALLY DEFERRED with NO ACTION.",
            hint="The replica deletes rows and copies them again in one transaction. Keep the keys that Django makes.",
            id="notifications.E001",
        )
        for alias in databases or ()
        for name in _unfit_keys(alias, tables)
    ]


def _unfit_keys(alias: str, tables: list[str]) -> list[str]:
    with connections[alias].cursor() as cursor:
        cursor.execute(UNFIT_KEYS, [tables])
        return [name for (name,) in cursor.fetchall()]
