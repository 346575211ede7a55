"""Two transactions that ask for nothing, so that what is left is the load itself."""

from __future__ import annotations

import psycopg

from bench.strategies import Issued

TITLE = SHORT = "two empty transactions"
RULES = ""
POSITION = "NULL"


def issue(db: psycopg.Connection) -> Issued:
    db.execute("SELECT")
    db.commit()
    return Issued(0, 0)


def call(db: psycopg.Connection) -> int | None:
    db.execute("SELECT")
    db.commit()
    return None
