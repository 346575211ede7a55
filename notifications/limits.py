"""How long PostgreSQL may take over work that nobody waits for in front of a screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

EXTEND = """
    SELECT set_config('statement_timeout', %(limit)s, true),
           set_config('idle_in_transaction_session_timeout', %(idle)s, true),
           -- Servers before 17 do not know this one.
           CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL
                THEN set_config('transaction_timeout', '0', true) END
"""
BATCH = "30s"
EVERYTHING = "0"
#: Between two statements of a batch: whoever takes over from a worker that hangs waits so long for its locks.
PAUSE = "10s"


def extend(using: str, *, to: str = BATCH) -> None:
    """For the rest of this transaction each statement may take as long as `to`."""
    with connections[using].cursor() as cursor:
        cursor.execute(EXTEND, {"limit": to, "idle": PAUSE if to == BATCH else to})


@contextmanager
def snapshot(using: str, *, to: str = EVERYTHING) -> Iterator[None]:
    """A read-only transaction in which everything is of one moment. `to` as for `extend`."""
    with transaction.atomic(using=using, durable=True):
        with connections[using].cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        extend(using, to=to)
        yield
