"""A short proof with faults, and bugs that it has to find. `make prove` does both at length."""

from __future__ import annotations

import subprocess
import sys

import pytest

from clinic import env

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="without /proc nobody knows the backends of a server"),
]
#: Found soonest: of an answer, of a refusal, of a room, of a lock, of delivery.
QUICK = (
    "rolled back after the answer",
    "refused, though done",
    "two in one room",
    "what was read before the lock is saved",
    "the trail reads by id",
)


def proof(*arguments):
    """What it says at its end."""
    command = [sys.executable, "-m", "tests.proof", *arguments]
    ran = subprocess.run(command, cwd=env.BASE_DIR, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.splitlines()[-1]


def test_people_at_work_while_parts_are_killed():
    assert proof("--seconds", "20") == "No problem."


def test_planted_bugs():
    assert proof("--bugs", *QUICK) == "Every bug was found, and nothing else."
