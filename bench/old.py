"""A clinic of years beside one that opened today: the same questions to both, in turns.

The database of years is a copy of the empty one, with old tickets that were put in as rows: their triggers are off for
it, because old tickets do not start by waiting. History has the events of the last month, which is as far as it goes
where `prunehistory` runs. Both have the same day in front of them.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.db.backends.base.base import BaseDatabaseWrapper  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from queueing import board, history, integrity, tickets  # noqa: E402
from queueing.models import Room, RoomService, Service, Ticket  # noqa: E402

OLD = 5_000_000
SERVICES = 20
#: Of each service on an old day.
A_DAY = 200
WAITING = 5
#: Days whose events are still there.
REMEMBERED = 30
ROUNDS = 40
TICKETS = """
    INSERT INTO queueing_ticket (service_id, code, day, priority, status, position, room_id, token, call_count,
        issued_at, called_at, started_at, ended_at, completed_by, outcome, reason,
        needs_fetching, needs_interpreter, needs_wheelchair, estimate_low, estimate_high)
    SELECT s.id, s.prefix || '-' || lpad(number::text, 3, '0'), today - day, 'low', 'completed',
        (extract(epoch FROM at) * 1000000)::bigint, r.room_id, left(md5(s.id || '-' || day || '-' || number), 22), 1,
        at, at + interval '20 minutes', at + interval '21 minutes', at + interval '30 minutes', 'bench', 'seen', '',
        false, false, false, 15, 30
    FROM generate_series(%(days)s, 1, -1) AS day
    CROSS JOIN (SELECT current_date AS today) clock
    CROSS JOIN generate_series(1, %(a_day)s) AS number
    CROSS JOIN queueing_service s JOIN queueing_roomservice r ON r.service_id = s.id
    CROSS JOIN LATERAL (SELECT today - day + time '08:00' + number * interval '2 minutes' AS at) arrived
"""
EVENTS = """
    INSERT INTO queueing_event (at, model, object_id, service_id, action, verb, actor, reason, changes)
    SELECT t.issued_at + n * interval '10 minutes', 'queueing.ticket', t.id, t.service_id,
        CASE n WHEN 0 THEN 'insert' ELSE 'update' END,
        (ARRAY['ticket.issued', 'ticket.called', 'ticket.started', 'ticket.completed'])[n + 1], 'bench', '',
        CASE n WHEN 0 THEN jsonb_build_object('code', jsonb_build_array(NULL, t.code)) ELSE '{}' END
    FROM queueing_ticket t CROSS JOIN generate_series(0, 3) AS n
    WHERE t.day BETWEEN current_date - %(remembered)s AND current_date - 1
    ORDER BY t.day, n, t.id
"""


def main() -> None:
    service, client = prepare()
    empty, years = connect(connection.settings_dict["NAME"]), connect(copy())
    turn_to(years)
    began = time.perf_counter()
    number = load()
    loaded = round(time.perf_counter() - began)
    found = take_turns({"empty": empty, "years": years}, questions(service, client))
    print(json.dumps({"old_ms": found, "old_tickets": number, "loaded_seconds": loaded}))


def prepare() -> tuple[Service, Client]:
    """A morning: a few people in each line, somebody in a room, somebody who left."""
    boss = User.objects.create_superuser("bench")
    act = {"actor": boss, "at": timezone.now()}
    for number in range(SERVICES):
        with history.operation("bench.prepared", actor="bench"):
            service = Service.objects.create(name=f"Service {number}", prefix=f"{chr(ord('A') + number)}")
            room = Room.objects.create(name=f"Room {number}")
            RoomService.objects.create(room=room, service=service)
        for _ in range(WAITING):
            tickets.issue(service_id=service.pk, **act)
        called = tickets.call_next(room_id=room.pk, **act)
        tickets.start(ticket_id=called.pk, **act)
        tickets.complete(ticket_id=called.pk, outcome="seen", **act)
    client = Client(SERVER_NAME="localhost")
    client.force_login(boss)
    return service, client


def copy() -> str:
    """The name of a database that is equal to this one."""
    name = connection.settings_dict["NAME"]
    with connection._nodb_cursor() as cursor:
        connection.close()
        connection.close_pool()
        cursor.execute(f"CREATE DATABASE {name}_years TEMPLATE {name}")
    return f"{name}_years"


def connect(name: str) -> BaseDatabaseWrapper:
    """A connection to this database of the server, outside of the pool, which knows one database only."""
    there = connections.create_connection("default")
    options = {key: value for key, value in there.settings_dict["OPTIONS"].items() if key != "pool"}
    there.settings_dict = {**there.settings_dict, "NAME": name, "OPTIONS": options}
    return there


def turn_to(there: BaseDatabaseWrapper) -> None:
    """All that asks the primary asks it there."""
    connections["default"] = there


def load() -> int:
    """How many tickets there are afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET statement_timeout = 0; SET transaction_timeout = 0")
        cursor.execute("SET maintenance_work_mem = '512MB'; SET synchronous_commit = off")
        with without_indexes("queueing_ticket"):
            cursor.execute(TICKETS, {"days": OLD // SERVICES // A_DAY, "a_day": A_DAY})
        cursor.execute(EVENTS, {"remembered": REMEMBERED})
        cursor.execute("VACUUM ANALYZE")
    connection.close()  # and its settings with it
    return Ticket.objects.count()


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """But for the primary key: made again afterwards, which is faster than to fill them row by row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), conname, pg_get_constraintdef(c.oid)"
            " FROM pg_index LEFT JOIN pg_constraint c ON conindid = indexrelid"
            " WHERE indrelid = %s::regclass AND NOT indisprimary",
            [table],
        )
        found = cursor.fetchall()
        for index, _, constraint, _ in found:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}" if constraint else f"DROP INDEX {index}")
        yield
        for _, index, constraint, definition in found:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {constraint} {definition}" if constraint else index)


def questions(service: Service, client: Client) -> dict[str, Callable[[], float]]:
    """Each asks, and returns the seconds that the answer took."""
    boss = User.objects.get(username="bench")
    room = service.rooms.get().room
    code = Ticket.objects.waiting().filter(service=service)[0].code

    def call_next() -> float:
        tickets.issue(service_id=service.pk, actor=boss, at=timezone.now())
        spent = timed(lambda: tickets.call_next(room_id=room.pk, actor=boss, at=timezone.now()))
        tickets.miss(ticket_id=Ticket.objects.in_room().get(room=room).pk, actor=boss, at=timezone.now())
        return spent

    return {
        "call_next": call_next,
        "board": lambda: timed(lambda: board.board(service.pk, timezone.now())),
        "desk": lambda: timed(lambda: client.get("/desk/", secure=True)),
        "search": lambda: timed(lambda: client.get(f"/desk/?q={code}", secure=True)),
        "check": lambda: timed(lambda: integrity.validate_queue_integrity(service.pk)),
    }


def timed(ask: Callable[[], Any]) -> float:
    began = time.perf_counter()
    answer = ask()
    spent = time.perf_counter() - began
    assert getattr(answer, "status_code", 200) == 200, answer
    return spent


def take_turns(
    places: dict[str, BaseDatabaseWrapper], asked: dict[str, Callable[[], float]]
) -> dict[str, dict[str, float]]:
    """Milliseconds, medians. The first round of each warms it up."""
    spent: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for question, ask in asked.items():
        for _ in range(ROUNDS + 1):
            for place, there in places.items():
                turn_to(there)
                spent[question][place].append(ask())
    return {
        question: {place: round(median(times[1:]) * 1000, 2) for place, times in of.items()}
        for question, of in spent.items()
    }


if __name__ == "__main__":
    main()
