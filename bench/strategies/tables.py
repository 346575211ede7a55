"""What all strategies share. Each line is in a schema of its own, so that none pays for the dead rows of another."""

from __future__ import annotations

from typing import NamedTuple

import psycopg

from bench import strategies

TABLES = """
    DROP SCHEMA IF EXISTS {schema} CASCADE;
    CREATE SCHEMA {schema};
    SET search_path TO {schema};
    CREATE TABLE line (last_number bigint NOT NULL, last_arrival bigint NOT NULL);
    CREATE TABLE ticket (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL DEFAULT current_date,
        number bigint NOT NULL, position bigint, status text NOT NULL DEFAULT 'waiting',
        issued_at timestamptz NOT NULL DEFAULT clock_timestamp(), called_at timestamptz
    );
    CREATE INDEX ON ticket (number);
    CREATE INDEX ON ticket (issued_at, id) WHERE status = 'waiting';
"""
LINE = """
    INSERT INTO ticket (number, position, issued_at)
    SELECT n, {position}, at FROM generate_series(1, {waiting}) n, LATERAL (
        SELECT now() - ({waiting} - n) * interval '1 ms' AS at
    ) instants ORDER BY n;
    INSERT INTO line VALUES ({waiting}, extract(epoch FROM now()) * 1000000);
"""


class Row(NamedTuple):
    ticket: int
    number: int
    status: str


def prepare(db: psycopg.Connection, name: str, waiting: int) -> list[Row]:
    """Empty tables of a strategy with so many people waiting: who they are, the next one first. Needs autocommit."""
    strategy = strategies.find(name)
    db.execute(TABLES.format(schema=schema(name, waiting)).encode())
    db.execute(strategy.RULES.encode())
    db.execute(LINE.format(position=strategy.POSITION, waiting=waiting).encode())
    db.execute("VACUUM ANALYZE ticket")
    return rows(db, name, waiting)


def rows(db: psycopg.Connection, name: str, waiting: int) -> list[Row]:
    found = db.execute(f"SELECT id, number, status FROM {schema(name, waiting)}.ticket ORDER BY id".encode())
    return [Row(*row) for row in found]


def drop(db: psycopg.Connection, name: str, waiting: int) -> None:
    db.execute(f"DROP SCHEMA {schema(name, waiting)} CASCADE".encode())


def use(db: psycopg.Connection, name: str, waiting: int) -> None:
    db.execute(f"SET search_path TO {schema(name, waiting)}".encode())
    db.commit()


def schema(name: str, waiting: int) -> str:
    return f"strategy_{name}_{waiting}"
