"""Whether the servers that the environment names can be used: asked once at start, answered with a hint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import psycopg
import redis

from clinic import env, processes, programs

T = TypeVar("T")


def check_all(urls: Mapping[str, str]) -> None:
    """
    :raises CannotStart: if a server does not answer, is too old, or is to be primary and replica at once
    """
    primary = postgres("DATABASE_URL", urls["DATABASE_URL"])
    replica = postgres("REPLICA_URL", urls["REPLICA_URL"])
    if primary == replica:
        raise processes.CannotStart(
            "DATABASE_URL and REPLICA_URL name the same database: the replica needs one of its own,"
            " because the worker writes over what is in there."
        )
    answer("REDIS_URL", urls["REDIS_URL"], ping)


def postgres(name: str, url: str) -> object:
    """Something that only the same database equals."""
    version, identity = answer(name, url, identify)
    if version // 10_000 < programs.NEEDED_MAJOR:
        raise processes.CannotStart(
            f"{name} names PostgreSQL {version // 10_000}, but the clinic needs {programs.NEEDED_MAJOR} or newer."
        )
    return identity


def identify(url: str) -> tuple[int, object]:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("SELECT pg_postmaster_start_time(), current_database()").fetchone()
        return connection.info.server_version, row


def ping(url: str) -> None:
    with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
        client.ping()


def answer(name: str, url: str, ask: Callable[[str], T]) -> T:
    try:
        return ask(url)
    except (psycopg.Error, redis.RedisError, OSError) as problem:
        words = str(problem).split("\n")[0]
        raise processes.CannotStart(
            f"{name} names a server at {urlsplit(url).hostname or 'a socket'} that cannot be used: {words}."
            f" Its form is {env.FORMS[name]}"
        ) from problem
