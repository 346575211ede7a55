"""Whether the servers that the environment names can be used: asked once at start, answered with a hint."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
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
    primary, replica = urls["DATABASE_URL"], urls["REPLICA_URL"]
    postgres("DATABASE_URL", primary)
    postgres("REPLICA_URL", replica)
    if answer("REPLICA_URL", replica, partial(same_database, primary)):
        raise processes.CannotStart(
            "DATABASE_URL and REPLICA_URL name the same database: the replica needs one of its own,"
            " because the worker writes over what is in there."
        )
    for url in urls["REDIS_URL"].split(","):
        answer("REDIS_URL", url.strip(), ping)


def postgres(name: str, url: str) -> None:
    version = answer(name, url, server_version)
    if version // 10_000 < programs.NEEDED_MAJOR:
        raise processes.CannotStart(
            f"{name} names PostgreSQL {version // 10_000}, but the clinic needs {programs.NEEDED_MAJOR} or newer."
        )


def server_version(url: str) -> int:
    with psycopg.connect(url, connect_timeout=5) as connection:
        return connection.info.server_version


def same_database(one: str, other: str) -> bool:
    """Whether a lock that is held through one address is in the way of the other.

    Neither names nor start times tell: a database goes by many names, and two servers may start in one instant.
    """
    key = secrets.randbits(62)  # nobody else takes this lock
    with psycopg.connect(one, connect_timeout=5) as holder, psycopg.connect(other, connect_timeout=5) as asker:
        holder.execute("SELECT pg_advisory_xact_lock(%s)", [key])
        taken = asker.execute("SELECT pg_try_advisory_xact_lock(%s)", [key]).fetchone()
        return taken == (False,)


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
