"""One worker reads for a sink. Which one, who takes over, and what the old one can still do."""

from __future__ import annotations

import psycopg
import pytest
from django.core.management import CommandError, call_command

from notifications import direct, leadership, worker
from notifications.leadership import Leadership
from notifications.models import AuditEntry, Cursor, ReplicaState
from notifications.sinks import base
from notifications.sinks.audit import AuditSink
from notifications.sinks.push import PushSink
from notifications.sinks.replica import ReplicaSink
from queueing.models import Event
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(leadership, "PAUSE", 0.0)


@pytest.fixture
def make():
    made = []

    def make(worker, sink="audit"):
        made.append(Leadership(sink, worker=worker))
        return made[-1]

    yield make
    for each in made:
        each.drop()


class TestLeadership:
    def test_is_of_one_worker_at_a_time(self, make):
        assert make("north").take()
        assert not make("south").take()
        assert Cursor.objects.get(sink="audit").leader == "north"

    def test_is_of_each_sink_alone(self, make):
        assert make("north").take()
        assert make("south", sink="replica").take()

    def test_passes_on_when_its_line_is_cut(self, make):
        north, south = make("north"), make("south")
        north.take()
        cut(north)

        assert wait_until(south.take, seconds=5).epoch == 2
        north.ping()
        assert not north.held

    def test_passes_on_when_a_worker_hangs(self, make, monkeypatch):
        monkeypatch.setattr(leadership, "SILENCE", "200ms")
        north, south = make("north"), make("south")
        north.take()

        assert wait_until(south.take, seconds=5)

    def test_stays_with_a_worker_that_works_for_long(self, make, monkeypatch):
        monkeypatch.setattr(leadership, "SILENCE", "1s")
        north, south = make("north"), make("south")
        north.take()
        for _ in range(15):
            pause(0.1)
            north.ping()

        assert north.held
        assert not south.take()

    def test_holds_nobody_back(self, make):
        north = make("north")
        north.take()

        with psycopg.connect(**direct.params("default", application="test"), autocommit=True) as line:
            found = line.execute(
                "SELECT backend_xid, backend_xmin FROM pg_stat_activity WHERE pid = %s", [north.line.info.backend_pid]
            ).fetchone()

        assert found == (None, None)


class TestTheOldLeader:
    """It lost the lead without noticing, and finishes what it had begun."""

    @pytest.fixture
    def old(self, make, clinic, desk):
        def old(sink):
            north = make("north", sink)
            north.take()
            cut(north)
            wait_until(make("south", sink).take, seconds=5)
            return base.Turn(epoch=north.epoch)

        desk.issue(clinic.first)
        return old

    def test_seals_nothing(self, old):
        with pytest.raises(base.CursorMoved):
            AuditSink().step(old("audit"))

        assert not AuditEntry.objects.exists()

    def test_writes_nothing_to_the_replica_once_it_heard_of_the_new_one(self, old):
        turn = old("replica")
        ReplicaSink().step(base.Turn(epoch=turn.epoch + 1))
        before = ReplicaState.objects.using("replica").get()
        ReplicaState.objects.using("replica").update(snapshot="", low=0)

        with pytest.raises(base.CursorMoved):
            ReplicaSink().step(turn)

        assert before.epoch == turn.epoch + 1
        assert ReplicaState.objects.using("replica").get().snapshot == ""

    def test_moves_no_cursor_of_the_replica(self, old):
        with pytest.raises(base.CursorMoved):
            ReplicaSink().step(old("replica"))

        assert Cursor.objects.get(sink="replica").low == 0

    def test_moves_no_cursor_of_the_screens(self, old, redis):
        sink = PushSink()
        with pytest.raises(base.CursorMoved):
            sink.step(old("push"))
        sink.close()

        assert Cursor.objects.get(sink="push").low == 0

    def test_could_do_all_that_without_an_epoch(self, old):
        """If this fails, those above prove nothing."""
        old("audit")

        assert AuditSink().step()
        assert AuditEntry.objects.count() == Event.objects.count()


class TestDeaths:
    def test_are_counted_until_a_batch_gets_through(self, make, clinic, desk):
        for number in range(3):
            leads = make(f"worker {number}")
            assert wait_until(leads.take, seconds=5).begun == number
            cut(leads)
        desk.issue(clinic.first)

        AuditSink().step()

        assert Cursor.objects.get(sink="audit").begun == 0

    def test_are_not_counted_when_a_worker_ends_as_asked(self, make):
        north = make("north")
        north.take()
        north.leave()

        assert make("south").take().begun == 0


class TestOnce:
    def test_refuses_while_a_worker_leads(self, make, monkeypatch):
        monkeypatch.setattr(worker, "PATIENCE", 0.1)
        make("north", "replica").take()

        with pytest.raises(CommandError, match="A worker is running and carries everything for replica already"):
            call_command("deliver", once=True)


def cut(leads):
    """As the death of its process would."""
    with psycopg.connect(**direct.params("default", application="test"), autocommit=True) as line:
        line.execute("SELECT pg_terminate_backend(%s)", [leads.line.info.backend_pid])


def pause(seconds):
    """On the server, where time passes for the silent."""
    with psycopg.connect(**direct.params("default", application="test"), autocommit=True) as line:
        line.execute("SELECT pg_sleep(%s)", [seconds])
