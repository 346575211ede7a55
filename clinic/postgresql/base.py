"""Django's PostgreSQL: with the one limit only newer servers know, safe to fork, patient with a busy pool alone."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from typing import Any

from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool, PoolTimeout

KNOWS_TRANSACTION_TIMEOUT = 17_00_00
#: Times that a pool is asked while others get its connections, each for its timeout of 3 s. Daphne gives up after 30.
TIMES_TO_ASK = 8
#: Connections that were got, by alias.
given: Counter[str] = Counter()


class DatabaseWrapper(base.DatabaseWrapper):
    _connection_pools: dict[str, Any] = {}
    parents: dict[str, Any] = {}

    @property
    def pool(self) -> ConnectionPool | None:
        found: ConnectionPool | None = super().pool
        if found:
            found._check = partial(check, found)  # Django passes its own, and asks nobody
        return found

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Whoever presses with a hundred others waits for a turn; not for a pool that gives nobody a connection."""
        asked = 0
        while True:
            asked, before = asked + 1, given[self.alias]
            try:
                connection = super().get_new_connection(conn_params)
            except PoolTimeout:
                if asked == TIMES_TO_ASK or given[self.alias] == before:
                    raise
            else:
                given[self.alias] += 1
                return connection

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


def leave_pools() -> None:
    """The sockets of a pool that came over by a fork are the parent's, and its threads are not here."""
    DatabaseWrapper.parents = DatabaseWrapper._connection_pools  # kept, because a pool that is freed closes them
    DatabaseWrapper._connection_pools = {}


os.register_at_fork(after_in_child=leave_pools)
