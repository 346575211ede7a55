"""A day at an urgent-care centre, through the front doors of a clinic that runs as people run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from clinic import env
from tests.processes import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(420)]
SIMULATE = (sys.executable, "manage.py", "simulateday", "--seed", "7")
KEYS = [
    *("issued", "called", "completed", "missed", "shown", "shown_twice", "not_shown"),
    *("integrity_problems", "replica_differences", "audit_ok", "wait_minutes", "wall_seconds"),
]


@pytest.fixture
def clinic(make_clinic):
    clinic = make_clinic().wait_ready()
    wait_until((clinic.home / "sign-ins.json").exists)
    return clinic


def simulate(clinic, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SIMULATE, *options], cwd=env.BASE_DIR, env=clinic.variables, capture_output=True, text=True)


def report(ran: subprocess.CompletedProcess[str]) -> dict:
    assert ran.stdout, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


class TestSimulateDay:
    def test_comes_out_right(self, clinic):
        ran = simulate(clinic)

        told = report(ran)
        assert ran.returncode == 0, told
        assert list(told) == KEYS
        assert told["issued"] == told["called"] == told["shown"] == told["completed"] + told["missed"]
        assert told["issued"] > 150
        assert told["missed"] > 0
        wrong = ("shown_twice", "not_shown", "integrity_problems", "replica_differences")
        assert {name: told[name] for name in wrong} == dict.fromkeys(wrong, 0)
        assert told["audit_ok"] is True
        waits = told["wait_minutes"]
        assert waits["high"]["mean"] < waits["medium"]["mean"] < waits["low"]["mean"]

    def test_says_no_when_the_wall_and_the_replica_hear_nothing(self, clinic):
        """If this fails, the test above proves nothing."""
        os.kill(clinic.child("manage.py deliver"), signal.SIGSTOP)

        ran = simulate(clinic, "--patients", "3", "--patience", "1")

        told = report(ran)
        assert ran.returncode == 1
        assert told["issued"] == told["completed"] + told["missed"] == 3
        assert told["not_shown"] == 3
        assert told["replica_differences"] != 0
        assert told["audit_ok"] is False

    def test_touches_open_tickets_only_when_it_is_told_to_clear_them(self, clinic):
        with subprocess.Popen(
            [*SIMULATE, "--speed", "600"], cwd=env.BASE_DIR, env=clinic.variables, stderr=subprocess.PIPE, text=True
        ) as first:
            wait_until(lambda: "1 waiting" in first.stderr.read(200))
            first.kill()

        refused = simulate(clinic, "--patients", "3")
        cleared = simulate(clinic, "--patients", "3", "--clear")

        assert refused.returncode == 1
        assert "tickets are open" in refused.stderr
        assert cleared.returncode == 0, cleared.stderr
        assert report(cleared)["issued"] == 3


class TestRefusal:
    def test_names_a_clinic_that_does_not_run(self, running):
        ran = simulate(running, "--url", "http://127.0.0.1:1/")

        assert ran.returncode == 1
        assert "No clinic answers at http://127.0.0.1:1/" in ran.stderr
        assert "Traceback" not in ran.stderr

    def test_names_sign_ins_that_are_missing_or_wrong(self, running, tmp_path):
        sign_ins = tmp_path / "sign-ins.json"
        assert f"cannot be read from {sign_ins}" in simulate(running, "--sign-ins", str(sign_ins)).stderr

        wrong = {name: {"username": name, "password": "wrong"} for name in ("receptionist", "clinician")}
        sign_ins.write_text(json.dumps(wrong))
        assert "did not let receptionist in" in simulate(running, "--sign-ins", str(sign_ins)).stderr

    def test_names_a_display_that_does_not_exist_and_rooms_that_are_too_many(self, running):
        assert "sent 0 boards" in simulate(running, "--display", "nowhere").stderr
        assert "has 4 open rooms" in simulate(running, "--rooms", "9").stderr
