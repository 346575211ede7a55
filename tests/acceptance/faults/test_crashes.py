"""A sink with a mistake crashes again and again: the others work on, and in the end another process takes over."""

from __future__ import annotations

import time

import pytest

from notifications.models import AuditEntry, Cursor
from notifications.worker import CRASHES
from queueing.models import Event
from tests.acceptance.faults.invariants import check_everything
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]


def test_crashing_sink(clinic, desk, redis, start_worker, tmp_path, report):
    worker = start_worker("crash notifications.sinks.push.PushSink.tick")
    began = time.monotonic()
    desk.issue(clinic.first)
    wait_until(lambda: AuditEntry.objects.count() == Event.objects.count())
    assert worker.poll() is None

    assert worker.wait(60) == 1
    seconds = time.monotonic() - began

    assert Cursor.objects.get(sink="push").error == "KeyError: 'a mistake'"
    (log,) = tmp_path.glob("*.log")
    assert log.read_text().count("Sink crashed sink=push") == CRASHES + 1
    start_worker()
    check_everything()
    report(
        "Sink with a mistake in it",
        made="an exception in every step of push",
        expected="audit trail and replica work on; it starts again with pauses, and the sixth crash ends the process",
        measured=f"the process ended with 1 after {CRASHES + 1} crashes in {seconds:.0f} s; sound under the next one",
    )
