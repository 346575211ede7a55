"""`make load` against a clinic: nothing fails, and nothing is left behind."""

from __future__ import annotations

import csv
import os
import subprocess

import psycopg
import pytest

from clinic import env

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


def load(clinic, **variables):
    """As `make load` does it."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("CLINIC_", "SERVICE"))}
    said = {"CLINIC_HOME": str(clinic.home), "HOST": f"http://127.0.0.1:{clinic.port}", **variables}
    command = ["make", "--silent", "--assume-old=.venv/.installed-dev", "load", "USERS=6", "TIME=15s"]
    return subprocess.run(command, cwd=env.BASE_DIR, env=others | said, capture_output=True, text=True, timeout=100)


def test_works_in_one_service_and_ends_its_tickets(running, tmp_path):
    before = tickets(running)

    ran = load(running, SERVICE="Blood tests", LOCUST_CSV=str(tmp_path / "load"))

    assert ran.returncode == 0, ran.stderr
    with (tmp_path / "load_stats.csv").open() as table:
        rows = {row["Name"]: row for row in csv.DictReader(table)}
    assert rows["Aggregated"]["Failure Count"] == "0"
    expected = {"/desk/issue/", "/desk/rooms/[room]/call-next/", "/boards/[service].json", "/t/[ticket]/"}
    assert expected <= {name for name, row in rows.items() if int(row["Request Count"])}
    issued = [ticket for ticket in tickets(running) if ticket not in before]
    assert issued
    assert {service for service, _, _ in issued} == {"Blood tests"}
    assert {status for _, _, status in issued} <= {"missed", "cancelled"}


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({}, "This issues real tickets, so say where"),
        ({"SERVICE": "Nurse"}, "There is no open service 'Nurse' with a free room that serves nothing else"),
        ({"SERVICE": "Blood tests", "CLINIC_HOME": "nowhere"}, "Nobody to sign in as"),
    ],
)
def test_refuses(running, variables, why):
    before = tickets(running)

    ran = load(running, **variables)

    assert ran.returncode != 0
    assert why in ran.stderr
    assert tickets(running) == before


def tickets(clinic):
    """Service, code and status of each."""
    asked = """
        SELECT service.name, ticket.code, ticket.status
        FROM queueing_ticket ticket JOIN queueing_service service ON service.id = ticket.service_id
    """
    with psycopg.connect(env.running(clinic.home)["DATABASE_URL"]) as line:
        return line.execute(asked).fetchall()
