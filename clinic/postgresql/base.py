"""Django's PostgreSQL, with the one limit that only newer servers know."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

KNOWS_TRANSACTION_TIMEOUT = 17_00_00


class DatabaseWrapper(base.DatabaseWrapper):
    def _configure_connection(self, connection: Any) -> bool:
        # A connection option would do, but a server before 17 refuses to connect over a setting it does not know.
        changed: bool = super()._configure_connection(connection)  # type: ignore[misc]
        limit = self.settings_dict.get("TRANSACTION_TIMEOUT")
        if not limit or connection.info.server_version < KNOWS_TRANSACTION_TIMEOUT:
            return changed
        connection.execute("SELECT set_config('transaction_timeout', %s, false)", [limit])
        return True
