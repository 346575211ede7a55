"""The guard compares a column that the write never changes, so whoever read before the first commit still matches."""

from __future__ import annotations

import psycopg

from bench.strategies import Busy, Issued, one

TITLE = "count + 1 of today's, no lock, as read in OpenMRS"
SHORT = "count + 1 (OpenMRS)"
RULES = ""
POSITION = "NULL"


def issue(db: psycopg.Connection) -> Issued:
    (number,) = one(db, "SELECT count(*) + 1 FROM ticket WHERE day = current_date")
    (ticket,) = one(db, "INSERT INTO ticket (number) VALUES (%s) RETURNING id", number)
    db.commit()
    return Issued(ticket, number)


def call(db: psycopg.Connection) -> int | None:
    query = "SELECT id, issued_at FROM ticket WHERE status = 'waiting' ORDER BY issued_at, id LIMIT 1"
    found = db.execute(query).fetchone()
    if found is None:
        db.commit()
        return None
    guarded = "UPDATE ticket SET status = 'called', called_at = now() WHERE id = %s AND issued_at = %s"
    changed = db.execute(guarded, found).rowcount
    db.commit()
    if not changed:
        raise Busy
    return int(found[0])
