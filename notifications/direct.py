"""PostgreSQL connections outside Django's: of no pool and no thread, for listening and for asking with a time limit."""

from __future__ import annotations

from typing import Any

from django.db import connections

#: Made for Django's own connections.
NOT_OURS = ("cursor_factory", "context", "prepare_threshold")


def params(using: str, *, application: str) -> dict[str, Any]:
    """Keyword arguments for `psycopg.connect`."""
    found = connections[using].get_connection_params()
    return {name: value for name, value in found.items() if name not in NOT_OURS} | {"application_name": application}
