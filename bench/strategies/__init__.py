"""How others give out codes and call the next one, beside how it is done here: same tables, driver, load and judge.

Each strategy is a module, written anew from what was read of the system it names: `issue` gives a ticket and its
number, `call` the ticket that was called, or None if nobody waits. A strategy has a UNIQUE index only where the
original has one, so that what it lets happen is counted and not refused. `issue` and `call` end their transactions
themselves: when they do is what many of them are about.
"""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple, Protocol

import psycopg

#: In the order of the table.
NAMES = (
    "max_plus_one",
    "count_plus_one",
    "cache_lock",
    "lock_then_commit",
    "number_row",
    "file_lock",
    "shifted_one_by_one",
    "shifted_at_once",
    "ours",
)


class Issued(NamedTuple):
    ticket: int
    number: int


class Busy(Exception):
    """Somebody else was faster: ask again."""


class Strategy(Protocol):
    TITLE: str
    SHORT: str
    #: SQL that is run after `tables.TABLES`.
    RULES: str
    #: SQL of the position of the n-th ticket that waits from the start, issued at `at`.
    POSITION: str

    def issue(self, db: psycopg.Connection) -> Issued: ...
    def call(self, db: psycopg.Connection) -> int | None: ...


def find(name: str) -> Strategy:
    strategy: Strategy = import_module(f"bench.strategies.{name}")  # type: ignore[assignment]  # a module is one
    return strategy


def one(db: psycopg.Connection, query: str, *values: object) -> tuple[int, ...]:
    """The one row of it."""
    row: tuple[int, ...] | None = db.execute(query.encode(), values).fetchone()
    assert row
    return row


def first(db: psycopg.Connection, query: str, *values: object) -> int | None:
    """The first column of its first row, or None."""
    row = db.execute(query.encode(), values).fetchone()
    return row[0] if row else None
