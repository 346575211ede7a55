"""Issue and call with so many people waiting: the verbs, beside a stored 1..n that is shifted behind every call.

One process, one connection to a durable server, every commit flushed. The two take turns, and so do the lengths of the
line, so that a slow moment of the machine meets all of them. A call needs a free room: the no-show that frees it is
outside the measured time. The stored strategy is bare SQL without history; the verbs do all that they always do.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median

import django

django.setup()

import psycopg  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from clinic import env  # noqa: E402
from queueing import history, tickets  # noqa: E402
from queueing.models import Room, RoomService, Service  # noqa: E402

WAITING = (10, 100, 1000)
ROUNDS = 5
SECONDS = 2.0
STORED = """
    CREATE TABLE stored_line (service bigint PRIMARY KEY, last_number bigint NOT NULL DEFAULT 0);
    CREATE TABLE stored_ticket (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, service bigint NOT NULL, number bigint NOT NULL,
        status text NOT NULL DEFAULT 'waiting', position bigint, issued_at timestamptz NOT NULL DEFAULT now(),
        called_at timestamptz,
        UNIQUE (service, position) DEFERRABLE INITIALLY IMMEDIATE
    );
"""
LOCK = "SELECT FROM stored_line WHERE service = %s FOR NO KEY UPDATE"
ISSUE = """
    WITH line AS (
        UPDATE stored_line SET last_number = last_number + 1 WHERE service = %(service)s RETURNING last_number
    )
    INSERT INTO stored_ticket (service, number, position)
    SELECT %(service)s, last_number,
           (SELECT coalesce(max(position), 0) + 1 FROM stored_ticket WHERE service = %(service)s) FROM line
"""
CALL = """
    UPDATE stored_ticket SET status = 'called', called_at = now(), position = NULL
    WHERE service = %s AND position = 1
"""
SHIFT = "UPDATE stored_ticket SET position = position - 1 WHERE service = %s AND position > 1"

Cycle = Callable[[], float]


def main() -> None:
    boss = User.objects.create_superuser("bench")
    with psycopg.connect(env.url("DATABASE_URL")) as connection:
        connection.execute(STORED)
        connection.commit()
        verbs = {length: line_by_verbs(boss, length) for length in WAITING}
        stored = {length: line_stored(connection, length) for length in WAITING}
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
        connection.autocommit = False
        found = take_turns(verbs, stored)
    print(json.dumps(found))


def take_turns(verbs: dict[int, Cycle], stored: dict[int, Cycle]) -> dict[str, dict[str, float]]:
    """Median of the rounds."""
    rounds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for length in WAITING:
            rounds["cycles_per_second", str(length)].append(per_second(verbs[length]))
            rounds["cycles_per_second_stored", str(length)].append(per_second(stored[length]))
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for (name, length), rates in rounds.items():
        found[name][length] = round(median(rates), 1)
    return found


def per_second(cycle: Cycle) -> float:
    spent, number = 0.0, 0
    while spent < SECONDS:
        spent += cycle()
        number += 1
    return number / spent


def line_by_verbs(boss: User, length: int) -> Cycle:
    """Seconds of one issue and one call, in a line that stays as long as it is."""
    with history.operation("bench.prepared", actor="bench"):
        service = Service.objects.create(name=f"{length} waiting", prefix=chr(ord("A") + WAITING.index(length)))
        room = Room.objects.create(name=f"Room of {length}")
        RoomService.objects.create(room=room, service=service)
    for _ in range(length):
        tickets.issue(service_id=service.pk, actor=boss, at=timezone.now())

    def cycle() -> float:
        began = time.perf_counter()
        tickets.issue(service_id=service.pk, actor=boss, at=timezone.now())
        called = tickets.call_next(room_id=room.pk, actor=boss, at=timezone.now())
        spent = time.perf_counter() - began
        tickets.miss(ticket_id=called.pk, actor=boss, at=timezone.now())
        return spent

    return cycle


def line_stored(connection: psycopg.Connection, length: int) -> Cycle:
    """The same for positions 1..n: one transaction to issue, and one to call and to shift everybody behind."""

    def issue() -> None:
        with connection.transaction():
            connection.execute(LOCK, [length])
            connection.execute(ISSUE, {"service": length})

    def call() -> None:
        with connection.transaction():
            connection.execute(LOCK, [length])
            connection.execute(CALL, [length])
            connection.execute(SHIFT, [length])

    def cycle() -> float:
        began = time.perf_counter()
        issue()
        call()
        return time.perf_counter() - began

    connection.execute("INSERT INTO stored_line (service) VALUES (%s)", [length])
    connection.commit()
    for _ in range(length):
        issue()
    return cycle


if __name__ == "__main__":
    main()
