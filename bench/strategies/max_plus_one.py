"""Two desks read the same largest number, and the same first ticket."""

from __future__ import annotations

import psycopg

from bench.strategies import Issued, first, one

TITLE = "max + 1, no lock, as read in FQM"
SHORT = "max + 1 (FQM)"
RULES = ""
POSITION = "NULL"


def issue(db: psycopg.Connection) -> Issued:
    (number,) = one(db, "SELECT coalesce(max(number), 0) + 1 FROM ticket")
    (ticket,) = one(db, "INSERT INTO ticket (number) VALUES (%s) RETURNING id", number)
    db.commit()
    return Issued(ticket, number)


def call(db: psycopg.Connection) -> int | None:
    ticket = first(db, "SELECT id FROM ticket WHERE status = 'waiting' ORDER BY issued_at LIMIT 1")
    db.execute("UPDATE ticket SET status = 'called', called_at = now() WHERE id = %s", [ticket])
    db.commit()
    return ticket
