"""The statements of `queueing.tickets`, `ordering` and `models`, without rights and history."""

from __future__ import annotations

import time

import psycopg

from bench.strategies import Issued, first, one

TITLE = "ours: lock of the line until the commit, the position an instant, one row written"
SHORT = "ours"
RULES = """
    ALTER TABLE ticket ALTER position SET NOT NULL, ADD CHECK (position > 0), ADD UNIQUE (day, number);
    CREATE UNIQUE INDEX ON ticket (position) WHERE status = 'waiting';
"""
POSITION = "extract(epoch FROM at) * 1000000"


def issue(db: psycopg.Connection) -> Issued:
    number, arrival = one(db, "SELECT last_number + 1, last_arrival + 1 FROM line FOR NO KEY UPDATE")
    position = max(time.time_ns() // 1000, arrival)
    while first(db, "SELECT 1 FROM ticket WHERE status = 'waiting' AND position = %s", position):
        position += 1
    db.execute("UPDATE line SET last_number = %s, last_arrival = %s", [number, position])
    (ticket,) = one(db, "INSERT INTO ticket (number, position) VALUES (%s, %s) RETURNING id", number, position)
    db.commit()
    return Issued(ticket, number)


def call(db: psycopg.Connection) -> int | None:
    db.execute("SELECT FROM line FOR NO KEY UPDATE")
    ticket = first(db, "SELECT id FROM ticket WHERE status = 'waiting' ORDER BY position, id LIMIT 1")
    db.execute("UPDATE ticket SET status = 'called', called_at = now() WHERE id = %s", [ticket])
    db.commit()
    return ticket
