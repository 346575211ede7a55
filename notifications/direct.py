"""PostgreSQL connections outside Django's: of no pool and no thread, for locks, for listening, for bounded looks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections

#: Made for Django's own connections.
NOT_OURS = ("cursor_factory", "context", "prepare_threshold")
#: What holds for a line to another address too.
OF_ANY_LINE = (
    *("application_name", "connect_timeout", "tcp_user_timeout"),
    *("keepalives_idle", "keepalives_interval", "keepalives_count"),
)


def params(using: str, *, application: str) -> dict[str, Any]:
    """Keyword arguments for `psycopg.connect`."""
    found = connections[using].get_connection_params()
    return {name: value for name, value in found.items() if name not in NOT_OURS} | {"application_name": application}


def worker_params(*, application: str) -> dict[str, Any]:
    """The same for what a worker keeps open: past a pooler, where WORKER_DATABASE_URL says how."""
    found = params("default", application=application)
    if not settings.WORKER_DATABASE_URL:
        return found
    return {"conninfo": settings.WORKER_DATABASE_URL, **{name: found[name] for name in OF_ANY_LINE if name in found}}
