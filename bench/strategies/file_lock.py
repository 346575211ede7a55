"""The lock, good for one machine, is around the call alone: the number is counted without it."""

from __future__ import annotations

import fcntl

import psycopg

from bench.strategies import Issued, first, one
from clinic import env

TITLE = "file lock around the call, count + 1 without it, as read in TheQ"
SHORT = "file lock (TheQ)"
RULES = ""
POSITION = "NULL"


def issue(db: psycopg.Connection) -> Issued:
    (number,) = one(db, "SELECT count(*) + 1 FROM ticket WHERE day = current_date")
    (ticket,) = one(db, "INSERT INTO ticket (number) VALUES (%s) RETURNING id", number)
    db.commit()
    return Issued(ticket, number)


def call(db: psycopg.Connection) -> int | None:
    with (env.home() / "strategies.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ticket = first(db, "SELECT id FROM ticket WHERE status = 'waiting' ORDER BY issued_at, id LIMIT 1")
        db.execute("UPDATE ticket SET status = 'called', called_at = now() WHERE id = %s", [ticket])
        db.commit()
    return ticket
