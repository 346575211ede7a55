"""How long PostgreSQL may take over work that nobody waits for in front of a screen."""

from __future__ import annotations

from django.db import connections

EXTEND = """
    SELECT set_config(name, CASE name WHEN 'transaction_timeout' THEN '0' ELSE %s END, true)
    FROM pg_settings
    WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
"""
BATCH = "30s"
EVERYTHING = "0"


def extend(using: str, *, to: str = BATCH) -> None:
    """For the rest of this transaction: each statement, and each pause between two, may take as long as `to`."""
    with connections[using].cursor() as cursor:
        cursor.execute(EXTEND, [to])
