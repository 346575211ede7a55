"""Sound, with a lock of the line that the report does not have; but every call writes everybody behind."""

from __future__ import annotations

import psycopg

from bench.strategies import Issued, first, one

TITLE = "stored 1..n shifted in one statement, as read in the same report, after its repair, and with a lock"
SHORT = "1..n, one UPDATE (its repair)"
# A partial unique index cannot be deferred, and a shift passes through twins: so whoever is called has no position.
RULES = "ALTER TABLE ticket ADD UNIQUE (position) DEFERRABLE INITIALLY IMMEDIATE"
POSITION = "n"
LOCK = "SELECT FROM line FOR NO KEY UPDATE"


def issue(db: psycopg.Connection) -> Issued:
    db.execute(LOCK)
    (number,) = one(db, "UPDATE line SET last_number = last_number + 1 RETURNING last_number")
    (position,) = one(db, "SELECT coalesce(max(position), 0) + 1 FROM ticket")
    (ticket,) = one(db, "INSERT INTO ticket (number, position) VALUES (%s, %s) RETURNING id", number, position)
    db.commit()
    return Issued(ticket, number)


def call(db: psycopg.Connection) -> int | None:
    db.execute(LOCK)
    first_one = (
        "UPDATE ticket SET status = 'called', called_at = now(), position = NULL WHERE position = 1 RETURNING id"
    )
    ticket = first(db, first_one)
    db.execute("UPDATE ticket SET position = position - 1 WHERE position > 1")
    db.commit()
    return ticket
