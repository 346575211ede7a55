"""A primary that was put back from a copy: noticed before anything is lost, and mended by one command."""

from __future__ import annotations

import json
from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from notifications import boards, restore
from notifications.models import AuditAnchor, AuditEntry, Cursor, Erasure, ReplicaState, WorkerBeat
from notifications.sinks.audit import AuditSink
from notifications.sinks.replica import ReplicaSink
from queueing import board
from queueing.models import Event, Line, Patient

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

FAR = 10**12


def ahead(side, table, *columns):
    """As if this database had been filled by a server that was far ahead of the primary."""
    shifts = ", ".join(f"{column} = ({column}::text::bigint + {FAR})::text::xid8" for column in columns)
    with connections[side].cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(f"UPDATE {table} SET {shifts}")
        cursor.execute("RESET session_replication_role")


@pytest.fixture
def delivered(clinic, desk, redis):
    for _ in range(3):
        desk.issue(clinic.first)
    call_command("deliver", once=True)


@pytest.fixture
def restored(delivered, clinic, desk):
    """One event was not sealed yet in the copy; afterwards the desk went on for a while."""
    desk.issue(clinic.first)
    ahead("default", "queueing_event", "txid")
    ahead("default", "notifications_cursor", "low")
    ahead("replica", "notifications_replicastate", "low")
    Cursor.objects.update(snapshot="")
    ReplicaState.objects.using("replica").update(snapshot="")
    desk.issue(clinic.second)
    desk.call_next(clinic.room)


class TestFromTheFuture:
    def test_is_not_what_a_clinic_is_after_its_own_day(self, delivered):
        assert not restore.from_the_future()

    @pytest.mark.parametrize(
        ("side", "table", "column"),
        [
            ("default", "queueing_event", "txid"),
            ("default", "notifications_cursor", "low"),
            ("replica", "notifications_replicastate", "low"),
        ],
    )
    def test_is_whatever_any_of_them_is(self, delivered, side, table, column):
        ahead(side, table, column)

        assert restore.from_the_future()

    @pytest.mark.parametrize("once", [True, False])
    def test_stops_the_worker(self, restored, once):
        with pytest.raises(CommandError, match="younger future.*run `manage.py rebasehistory`"):
            call_command("deliver", once=once)

    def test_would_lose_what_happens_next(self, restored):
        """If this fails, nobody needs the rest."""
        assert not AuditSink().step()
        assert not AuditEntry.objects.filter(verb="ticket.called").exists()

    def test_would_lose_on_a_replica_that_is_ahead(self, delivered, clinic, desk):
        """If this fails, nobody needs to ask the replica."""
        ahead("replica", "notifications_replicastate", "low")
        desk.issue(clinic.second)

        assert not ReplicaSink().step()


class TestRebasehistory:
    def test_lets_every_sink_go_on(self, restored, at_work, redis, capsys):
        sealed = AuditEntry.objects.count()
        unsealed = Event.objects.count() - sealed

        call_command("rebasehistory")
        assert capsys.readouterr().out.startswith(f"{sealed} events are sealed and stay so; {unsealed} will be sealed")
        call_command("deliver", once=True)

        assert sorted(AuditEntry.objects.values_list("event_id", flat=True)) == sorted(
            Event.objects.values_list("id", flat=True)
        )
        assert AuditEntry.objects.count() == sealed + unsealed + 1
        assert AuditEntry.objects.latest("seq").sentence.startswith("rebasehistory took up history after a restore")
        call_command("verifyaudit")
        call_command("comparereplica")
        call_command("checkqueues")
        shown = {int(key): json.loads(text)["version"] for key, text in redis.hgetall(boards.BOARDS).items()}
        assert shown == board.versions()
        assert min(shown.values()) > 1_000_000

    def test_delivers_what_happens_next(self, restored, clinic, desk):
        call_command("rebasehistory")
        call_command("deliver", once=True)
        before = AuditEntry.objects.count()

        desk.issue(clinic.second)
        call_command("deliver", once=True)

        assert AuditEntry.objects.count() == before + 1
        call_command("comparereplica")

    def test_may_be_repeated(self, restored):
        call_command("rebasehistory")
        call_command("rebasehistory")
        call_command("deliver", once=True)

        assert AuditEntry.objects.count() == Event.objects.count()

    def test_goes_on_behind_the_anchors_that_are_lost(self, restored, capsys):
        head = AuditEntry.objects.latest("seq").seq
        AuditAnchor.objects.using("replica").create(seq=head + 5, hash="f" * 64, at=timezone.now())

        call_command("rebasehistory")
        call_command("deliver", once=True)

        assert "remembers 5 lost audit entries, or more" in capsys.readouterr().out
        assert Event.objects.get(verb="history.rebased").changes["lost_entries"] == [None, 5]
        call_command("verifyaudit")

    def test_erases_again_and_gives_nobody_the_number(self, restored, make_patient):
        back = make_patient(name="Zenobia Quill")
        gone = back.pk + 50  # came and was erased after the copy was made
        for number in (back.pk, gone):
            Erasure.objects.using("replica").create(pk=number, at=timezone.now(), actor="sofia")

        call_command("rebasehistory")

        assert Patient.objects.get(pk=back.pk).name == ""
        assert make_patient().pk > gone

    def test_waits_for_workers_to_stop(self, restored):
        WorkerBeat.objects.create(worker="desk-1:77", at=timezone.now() - timedelta(seconds=10))
        with pytest.raises(CommandError, match="stop desk-1:77 first. Nothing was changed"):
            call_command("rebasehistory")
        assert restore.from_the_future()
        assert ReplicaState.objects.using("replica").exists()

        WorkerBeat.objects.update(at=timezone.now() - timedelta(seconds=20))
        call_command("rebasehistory")
        assert not restore.from_the_future()


class TestTheFunction:
    def test_refuses_while_a_worker_reads(self, restored, line):
        WorkerBeat.objects.create(worker="desk-1:77", at=timezone.now())

        with pytest.raises(psycopg.errors.ObjectInUse, match="a worker is reading history"):
            line.execute("SELECT notifications_rebase_history()")

    def test_is_not_for_everybody(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT has_function_privilege('public', 'notifications_rebase_history()', 'EXECUTE')")
            assert cursor.fetchone() == (False,)

    def test_changes_nothing_but_where_events_stand(self, restored, line):
        told = list(Event.objects.order_by("id").values_list("id", "at", "verb", "actor", "reason", "changes"))
        versions = dict(Line.objects.values_list("pk", "version"))

        line.execute("SELECT notifications_rebase_history()")

        assert list(Event.objects.order_by("id").values_list("id", "at", "verb", "actor", "reason", "changes")) == told
        assert dict(Line.objects.values_list("pk", "version")) == {k: v + 1_000_000 for k, v in versions.items()}
