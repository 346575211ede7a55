"""The lock is released before the request's transaction commits, so the next one counts the old rows.

Whoever does not get it is refused at once, and asks again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import psycopg
import redis

from bench.strategies import Busy, Issued, first, one
from clinic import env

TITLE = "count + 1 inside a cache lock released before the commit, as read in CARE"
SHORT = "cache lock (CARE)"
RULES = ""
POSITION = "NULL"


def issue(db: psycopg.Connection) -> Issued:
    with locked():
        (number,) = one(db, "SELECT count(*) + 1 FROM ticket WHERE day = current_date")
        (ticket,) = one(db, "INSERT INTO ticket (number) VALUES (%s) RETURNING id", number)
    db.commit()
    return Issued(ticket, number)


def call(db: psycopg.Connection) -> int | None:
    with locked():
        ticket = first(db, "SELECT id FROM ticket WHERE status = 'waiting' ORDER BY issued_at, id LIMIT 1")
        db.execute("UPDATE ticket SET status = 'called', called_at = now() WHERE id = %s", [ticket])
    db.commit()
    return ticket


@contextmanager
def locked() -> Iterator[None]:
    """SET NX with a token; released only by whoever has that token."""
    lock = valkey().lock("bench:strategies", timeout=32)
    if not lock.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        lock.release()


@cache
def valkey() -> redis.Redis:
    return redis.Redis.from_url(env.url("REDIS_URL"))
