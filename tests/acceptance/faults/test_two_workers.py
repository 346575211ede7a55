"""Two workers: one reads for each sink, the other stands by and takes over; whoever was replaced writes no more."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from notifications.models import AuditEntry, Cursor
from queueing.models import Event
from tests.acceptance.faults.invariants import check_everything
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(180),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]


@pytest.fixture
def two_workers(start_worker):
    """Number of process -> worker."""
    return {worker.pid: worker for worker in (start_worker(), start_worker())}


def leaders():
    """Sink -> number of the process that reads for it."""
    found = dict(Cursor.objects.values_list("sink", "leader"))
    return {sink: int(leader.rpartition(":")[2]) for sink, leader in found.items() if leader}


def all_lead():
    found = leaders()
    return found if len(found) == 3 else None


def epochs():
    return dict(Cursor.objects.values_list("sink", "epoch"))


def taken_over(old, began):
    """Seconds until nobody is led by the old process any more."""
    wait_until(lambda: all_lead() and old not in leaders().values())
    return time.monotonic() - began


def sealed():
    return AuditEntry.objects.count() == Event.objects.count()


def test_killed_leader(clinic, redis, desk, two_workers, report):
    desk.issue(clinic.first)
    leader = wait_until(all_lead, seconds=5)["audit"]
    check_everything()
    before = epochs()

    began = time.monotonic()
    two_workers[leader].kill()
    desk.issue(clinic.first)
    seconds = taken_over(leader, began)
    wait_until(sealed)

    check_everything()
    assert seconds < 5
    assert epochs()["audit"] > before["audit"]
    report(
        "Leader of two workers killed",
        made="SIGKILL",
        expected="the other takes over within 5 s; 0 lost, 0 doubled",
        measured=f"taken over in {seconds:.1f} s; 0 lost, 0 doubled",
    )


def test_stopped_leader(clinic, redis, desk, two_workers, report):
    desk.issue(clinic.first)
    leader = wait_until(all_lead, seconds=5)["audit"]
    check_everything()
    before = epochs()

    began = time.monotonic()
    two_workers[leader].send_signal(signal.SIGSTOP)
    desk.issue(clinic.first)
    seconds = taken_over(leader, began)
    wait_until(sealed)
    after = epochs()
    two_workers[leader].send_signal(signal.SIGCONT)
    for _ in range(10):
        desk.issue(clinic.first)

    check_everything()
    assert seconds < 15
    assert after["audit"] > before["audit"]
    assert epochs() == after  # whoever woke up again did not take it back
    report(
        "Leader of two workers stopped, and continued",
        made="SIGSTOP, later SIGCONT",
        expected="the other takes over within 15 s; the old one can no longer write; 0 lost, 0 doubled",
        measured=f"taken over in {seconds:.1f} s, epoch {before['audit']} to {after['audit']}; 0 lost, 0 doubled",
    )


def is_stopped(worker):
    return (Path("/proc") / str(worker.pid) / "stat").read_text().rpartition(")")[2].split()[0] == "T"


def test_leader_stopped_in_a_batch(clinic, redis, desk, start_worker, report):
    """With its transaction open, and whatever that locks."""
    old = start_worker("stop before notifications.sinks.base.advance")
    wait_until(lambda: is_stopped(old))

    start_worker()
    began = time.monotonic()
    wait_until(lambda: Event.objects.exists() and sealed(), seconds=16)
    seconds = time.monotonic() - began
    old.send_signal(signal.SIGCONT)
    desk.issue(clinic.first)

    check_everything()
    assert seconds < 15
    report(
        "Leader stopped in the middle of a batch, and continued",
        made="SIGSTOP before the cursor moves, later SIGCONT",
        expected="the other goes on within 15 s; the old one can no longer write; 0 lost, 0 doubled",
        measured=f"all sealed after {seconds:.1f} s; 0 lost, 0 doubled",
    )
