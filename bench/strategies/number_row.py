"""Sound. The desk reads the whole line, picks the first by itself and claims it; whoever loses asks again."""

from __future__ import annotations

import psycopg

from bench.strategies import Busy, Issued, first, one

TITLE = "counter row FOR UPDATE, as read in ZMS"
SHORT = "counter row (ZMS)"
RULES = ""
POSITION = "NULL"


def issue(db: psycopg.Connection) -> Issued:
    (number,) = one(db, "SELECT last_number + 1 FROM line FOR UPDATE")
    db.execute("UPDATE line SET last_number = %s", [number])
    (ticket,) = one(db, "INSERT INTO ticket (number) VALUES (%s) RETURNING id", number)
    db.commit()
    return Issued(ticket, number)


def call(db: psycopg.Connection) -> int | None:
    line = db.execute("SELECT issued_at, id FROM ticket WHERE status = 'waiting'").fetchall()
    db.commit()
    if not line:
        return None
    ticket: int = min(line)[1]
    if first(db, "SELECT status FROM ticket WHERE id = %s FOR UPDATE", ticket) != "waiting":
        raise Busy
    db.execute("UPDATE ticket SET status = 'called', called_at = now() WHERE id = %s", [ticket])
    db.commit()
    return ticket
