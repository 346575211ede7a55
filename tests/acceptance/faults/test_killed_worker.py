"""A worker that is killed in the middle of a batch loses nothing and does nothing twice."""

from __future__ import annotations

import signal

import pytest
from django.core.management import call_command

from notifications import progress
from notifications.models import AuditEntry
from queueing.models import Event
from tests.acceptance.faults.invariants import check_everything

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
SINKS = "notifications.sinks"
ROUNDS = 10
POINTS = {
    "audit": [
        f"before {SINKS}.audit.seal",
        f"before {SINKS}.base.advance",
        f"after {SINKS}.base.advance",
    ],
    "replica": [
        "before notifications.copying.copy_touched",
        f"before {SINKS}.replica.move",
        f"before {SINKS}.replica.mirror",
    ],
    "push": [
        f"before {SINKS}.push.publish",
        f"after {SINKS}.push.publish",
        f"after {SINKS}.base.advance",
    ],
}


@pytest.mark.parametrize(("sink", "point"), [(sink, point) for sink, points in POINTS.items() for point in points])
def test_killed_worker(sink, point, clinic, desk, redis, live, report):
    call_command("deliver", once=True)
    for _ in range(ROUNDS):
        desk.issue(clinic.first)
        desk.issue(clinic.second)

        assert live(sink, f"kill {point}") == -signal.SIGKILL
        call_command("deliver", once=True)

    desk.issue(clinic.first)  # what the primary knows of the replica comes with the next batch
    call_command("deliver", once=True)
    check_everything()
    events, entries = Event.objects.count(), AuditEntry.objects.count()
    report(
        f"Worker killed, {sink}, {point.replace(f'{SINKS}.', '')}",
        made=f"SIGKILL, {ROUNDS} rounds",
        expected="0 lost, 0 doubled",
        measured=f"{events - entries} of {events} events lost, 0 doubled",
    )


def test_a_life_without_a_fault_ends_well(clinic, desk, redis, live):
    """If this fails, the tests above prove nothing."""
    desk.issue(clinic.first)

    assert live("audit", "none") == 0
    assert AuditEntry.objects.count() == Event.objects.count()


def test_the_primary_knows_how_far_the_replica_is_after_a_kill(clinic, desk, redis, live):
    """Otherwise /health counts a lag that is none, all night."""
    call_command("deliver", once=True)
    desk.issue(clinic.first)
    live("replica", "kill before notifications.sinks.replica.mirror")

    call_command("deliver", once=True)

    assert progress.of_all()["replica"]["pending_events"] == 0
