"""Django's PostgreSQL, with the one limit that only newer servers know, and a pool that drops a dead server at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool

KNOWS_TRANSACTION_TIMEOUT = 17_00_00


class DatabaseWrapper(base.DatabaseWrapper):
    @property
    def pool(self) -> ConnectionPool | None:
        found: ConnectionPool | None = super().pool
        if found:
            found._check = partial(check, found)  # Django passes its own, and asks nobody
        return found

    def _configure_connection(self, connection: Any) -> bool:
        # A connection option would do, but a server before 17 refuses to connect over a setting it does not know.
        changed: bool = super()._configure_connection(connection)  # type: ignore[misc]
        limit = self.settings_dict.get("TRANSACTION_TIMEOUT")
        if not limit or connection.info.server_version < KNOWS_TRANSACTION_TIMEOUT:
            return changed
        connection.execute("SELECT set_config('transaction_timeout', %s, false)", [limit])
        return True


def check(pool: ConnectionPool, connection: Any) -> None:
    """One connection that the server has closed means that the others are closed too, and each would cost a pause."""
    try:
        pool.check_connection(connection)
    except Exception:
        pool.drain()
        raise
