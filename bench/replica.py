"""Delivering changed rows to the replica, beside a bare COPY of the same rows from the one server to the other.

One process, and databases of its own on both servers. Every round changes all patients and all tickets once, so that
each row of the replica is taken away and written again, with its keys and checks. The bare copy writes the same columns
into tables that have neither. The two take turns.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import django

django.setup()

from django.db import connection, connections, models, transaction  # noqa: E402

from notifications import comparison, copying  # noqa: E402
from notifications.sinks.replica import ReplicaSink  # noqa: E402
from queueing import history  # noqa: E402
from queueing.models import Patient, Service, Ticket  # noqa: E402

PEOPLE = 5_000
#: A patient and a ticket for each.
ROWS = 2 * PEOPLE
ROUNDS = 5
PREPARE = f"""
    INSERT INTO queueing_patient (reference, name, phone, show_name)
    SELECT 'P-' || n, 'Patient ' || n, '', false FROM generate_series(1, {PEOPLE}) n;
    INSERT INTO queueing_ticket
        (service_id, code, day, priority, status, position, patient_id, token, call_count, issued_at, completed_by,
         outcome, reason, needs_fetching, needs_interpreter, needs_wheelchair)
    SELECT %s, 'A-' || id, current_date, 'low', 'waiting', id, id, md5(id::text)::char(22), 0, now(), '', '', '',
           false, false, false
    FROM queueing_patient;
"""
CHANGE = """
    UPDATE queueing_patient SET name = 'Patient ' || %s || '-' || id;
    UPDATE queueing_ticket SET estimate_low = %s;
"""
RECORD = """
    INSERT INTO queueing_event (at, model, object_id, action, verb, actor, reason, changes)
    SELECT now(), 'queueing.' || %s, id, 'update', %s || '.changed', 'bench', '', '{}' FROM queueing_"""


def main() -> None:
    with history.operation(actor="bench"):
        service = Service.objects.create(name="Bench", prefix="A")
    change(PREPARE, [service.pk])
    sink = ReplicaSink()
    sink.step()
    rounds = [measure(sink, number) for number in range(1, ROUNDS + 1)]
    assert comparison.compare() == []
    delivered, copied = (round(median(rates)) for rates in zip(*rounds, strict=True))
    print(json.dumps({"replica_rows_per_second": {"rows": ROWS, "delivered": delivered, "bare_copy": copied}}))


def measure(sink: ReplicaSink, number: int) -> tuple[float, float]:
    change(CHANGE, [number, number])
    return per_second(lambda: sink.step()), per_second(bare)


def change(statements: str, params: list[Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statements, params)
        for name in ("patient", "ticket"):
            cursor.execute(RECORD + name, [name, name])


def per_second(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return ROWS / (time.perf_counter() - began)


def bare() -> None:
    with transaction.atomic(using="replica"):
        for model in (Patient, Ticket):
            copy(model)


def copy(model: type[models.Model]) -> None:
    table, names = model._meta.db_table, ", ".join(copying.columns(model))
    with connection.cursor() as source, connections["replica"].cursor() as target:
        target.execute(f"CREATE TABLE IF NOT EXISTS bare_{table} (LIKE {table}); TRUNCATE bare_{table}")
        read, write = f"COPY {table} ({names}) TO STDOUT", f"COPY bare_{table} ({names}) FROM STDIN"
        with source.copy(read) as rows, target.copy(write) as arriving:
            for row in rows:
                arriving.write(row)


if __name__ == "__main__":
    main()
