"""Who tests the tests: each bug is put in on purpose, and the invariants have to see what it did."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from notifications import copying, direct, reader, wake
from notifications.models import ReplicaState
from notifications.sinks import audit, replica
from queueing.models.services import LineQuerySet
from tests.acceptance.faults.invariants import check_everything, problems, unrest
from tests.proof import delivery_bugs

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
CAUGHT = {"made": "put in by the test", "expected": "the invariants fail"}
NOTE = """
    INSERT INTO queueing_event (at, model, object_id, action, verb, actor, reason, changes)
    VALUES (now(), 'queueing.room', 1, 'note', 'room.noted', '', '', '{}')
"""


class Died(Exception):
    """The process ended here."""


def deliver():
    call_command("deliver", once=True)


@pytest.fixture
def settled(clinic, desk, redis):
    """A clinic that is sound, so that whatever is found afterwards comes of the bug."""
    desk.issue(clinic.first)
    deliver()
    check_everything(seconds=1)


@pytest.fixture
def caught(report):
    def caught(bug, sign):
        """The invariants say so in these words."""
        found = problems()
        assert any(sign in problem for problem in found), found
        words = next(problem for problem in found if sign in problem)
        report(f"Bug: {bug}", **CAUGHT, measured=f"caught: {words}")

    return caught


def test_cursor_by_id(clinic, desk, redis, monkeypatch, caught):
    monkeypatch.setattr(reader, "in_order", delivery_bugs.by_id)
    deliver()
    assert problems() == []

    with psycopg.connect(**direct.params("default", application="slow")) as slow:
        slow.execute(NOTE)
        desk.issue(clinic.first)
        deliver()
    deliver()

    caught("cursor by id", "are not sealed")


def test_acknowledged_before_it_is_done(settled, clinic, desk, monkeypatch, caught):
    with monkeypatch.context() as planted:
        planted.setattr(audit, "seal", delivery_bugs.nothing_sealed)
        desk.issue(clinic.first)
        deliver()
    deliver()

    caught("acknowledged before it is done", "are not sealed")


def moved_apart(turn, **kwargs):
    state = ReplicaState.objects.using("replica").get()
    with reader.by_state(low=state.low, seen=state.snapshot) as now:
        ReplicaState.objects.using("replica").update(low=now.low, snapshot=now.snapshot)
    raise Died


def test_cursor_moved_outside_the_transaction_of_the_replica(settled, clinic, desk, monkeypatch, caught):
    with monkeypatch.context() as planted:
        planted.setattr(replica, "apply", moved_apart)
        desk.issue(clinic.first)
        with pytest.raises(Died):
            deliver()
    deliver()

    caught("cursor moved outside the replica's transaction", "the replica differs")


def test_wake_as_the_only_trigger(settled, clinic, desk, start_worker, monkeypatch, report):
    """A web process was killed after the commit, and no sink looks by itself."""
    start_worker("put notifications.carrier.POLL 60")
    desk.issue(clinic.first)
    check_everything()
    monkeypatch.setattr(wake, "wake", lambda: None)

    def behind():
        desk.issue(clinic.first)
        time.sleep(2.5)  # nothing tells that nothing will come
        return unrest()

    # A sink that has not begun to wait yet takes the first one along; the second one finds all three waiting.
    behind()
    found = behind()
    assert len(found) == 3
    report("Bug: wake as the only trigger", **CAUGHT, measured=f"caught: {found[0]}")


def stale_leader(ready, go):
    """Writes what it saw, without asking whether it still leads."""
    with transaction.atomic(using="replica"), reader.by_state(low=0) as now:
        ready.set()
        go.wait(10)
        copying.copy_touched(replica.rows_of(now))
    connections.close_all()


def test_skipped_fencing(settled, clinic, desk, caught):
    ready, go = Flag(), Flag()
    with ThreadPoolExecutor(1) as pool:
        stale = pool.submit(stale_leader, ready, go)
        ready.wait(10)
        desk.call_next(clinic.room)
        deliver()
        check_everything(seconds=1)
        go.set()
        stale.result(10)
    deliver()

    caught("a stale leader writes", "the replica differs")


def test_dropped_guard(settled, clinic, caught):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE queueing_ticket DISABLE TRIGGER ticket_has_history")
        try:
            cursor.execute("UPDATE queueing_ticket SET priority = 'high'")
        finally:
            cursor.execute("ALTER TABLE queueing_ticket ENABLE TRIGGER ticket_has_history")
    deliver()

    caught("the guard dropped, and a row changed in SQL", "are not what their history says")
    assert any("the replica differs" in problem for problem in problems())


def test_backfill_not_in_one_snapshot(settled, clinic, desk, caught):
    with transaction.atomic(using="replica"):
        copying.copy_everything()
        desk.issue(clinic.first)
        with reader.by_state(low=0) as now:
            ReplicaState.objects.using("replica").update(low=now.low, snapshot=now.snapshot)
    deliver()

    caught("backfill not in one snapshot", "the replica differs")


def test_version_not_bumped(settled, clinic, desk, sink, monkeypatch, caught):
    """Only a worker that starts would send it."""
    with monkeypatch.context() as planted:
        planted.setattr(LineQuerySet, "bump", delivery_bugs.no_version)
        desk.issue(clinic.first)
    while sink.step():
        pass

    caught("version not bumped", "the board of service")
