"""Behind every call each waiting ticket gets its new position by a statement of its own; no lock, no key."""

from __future__ import annotations

import psycopg

from bench.strategies import Issued, one

TITLE = "stored 1..n shifted one row at a time, as read in a report on a clinic's line, before its repair"
SHORT = "1..n, row by row (a report)"
RULES = "CREATE INDEX ON ticket (position) WHERE status = 'waiting'"
POSITION = "n"


def issue(db: psycopg.Connection) -> Issued:
    """The report tells of positions only: here the id is the number, which cannot collide."""
    (position,) = one(db, "SELECT count(*) + 1 FROM ticket WHERE status = 'waiting'")
    (ticket,) = one(db, "INSERT INTO ticket (number, position) VALUES (0, %s) RETURNING id", position)
    db.commit()
    return Issued(ticket, ticket)


def call(db: psycopg.Connection) -> int | None:
    line = db.execute("SELECT id FROM ticket WHERE status = 'waiting' ORDER BY position, id").fetchall()
    if line:
        db.execute("UPDATE ticket SET status = 'called', called_at = now() WHERE id = %s", line[0])
    for position, (behind,) in enumerate(line[1:], start=1):
        db.execute("UPDATE ticket SET position = %s WHERE id = %s", [position, behind])
    db.commit()
    return int(line[0][0]) if line else None
