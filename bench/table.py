"""RESULTS.md, made from results.json."""

from __future__ import annotations

import datetime
import os
import platform
from importlib import import_module
from typing import Any

import psycopg

from bench import BENCHES

HEAD = """# What was measured

Made by `make bench` on {date}, from [results.json](results.json). {cores} cores, {machine}, {system}, Python {python},
PostgreSQL {postgresql} (fsync {fsync}, synchronous_commit {synchronous_commit}); load over the minute before: {load}.
The programs that measure run on the same machine and take their share of its cores.
"""


def facts(url: str) -> dict[str, Any]:
    settings = ("server_version", "fsync", "synchronous_commit")
    with psycopg.connect(url) as connection:
        version, fsync, commit = (connection.execute(f"SHOW {name}".encode()).fetchone() for name in settings)
    assert version and fsync and commit
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "postgresql": version[0],
        "fsync": fsync[0],
        "synchronous_commit": commit[0],
        "load": round(os.getloadavg()[0], 1),
    }


def text(found: dict[str, Any]) -> str:
    sections = [import_module(f"bench.sections.{name}").text(found[name]) for name in BENCHES if name in found]
    return "\n".join([HEAD.format(**found["measured_on"]), *sections])
