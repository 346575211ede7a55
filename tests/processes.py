"""What tests need that start processes of their own, or wait for what another one does."""

from __future__ import annotations

import socket
import time
from urllib.parse import quote, urlencode

from django.db import connections


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until(condition, *, seconds: float = 30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return found


def database_url(alias: str) -> str:
    """The address of a test's database, for another process."""
    found = connections[alias].settings_dict
    query = urlencode({name.lower(): found[name] for name in ("HOST", "PORT") if found[name]})
    password = f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else ""
    return f"postgres://{quote(found['USER'])}{password}@/{found['NAME']}?{query}"
