"""The number is safe. The call locks its ticket, commits, which ends the lock, and then writes what it read before."""

from __future__ import annotations

import psycopg

from bench.strategies import Busy, Issued, first, one

TITLE = "lock, commit, then write, as read in Novo SGA"
SHORT = "lock, commit, write (Novo SGA)"
RULES = ""
POSITION = "NULL"


def issue(db: psycopg.Connection) -> Issued:
    (last,) = one(db, "SELECT last_number FROM line FOR UPDATE")
    if not db.execute("UPDATE line SET last_number = %s WHERE last_number = %s", [last + 1, last]).rowcount:
        raise Busy
    (ticket,) = one(db, "INSERT INTO ticket (number) VALUES (%s) RETURNING id", last + 1)
    db.commit()
    return Issued(ticket, last + 1)


def call(db: psycopg.Connection) -> int | None:
    ticket = first(db, "SELECT id FROM ticket WHERE status = 'waiting' ORDER BY issued_at, id LIMIT 1")
    db.execute("SELECT FROM ticket WHERE id = %s FOR UPDATE", [ticket])
    db.commit()
    db.execute("UPDATE ticket SET status = 'called', called_at = now() WHERE id = %s", [ticket])
    db.commit()
    return ticket
