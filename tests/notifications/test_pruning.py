"""What may leave history, tried in plain SQL past the command."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from notifications import chain, progress, pruning
from notifications.models import Activity, AuditEntry, Cursor, DeadLetter, Delivery
from notifications.sinks.audit import AuditSink
from queueing import history, integrity, tickets
from queueing.models import Event, Room

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

FUNCTION = "SELECT events FROM notifications_prune_history(%s, %s)"
OLD = timedelta(days=40)


@pytest.fixture
def old():
    """Ten events of 40 days ago, each of its own transaction, that everybody has taken; their ids."""
    with history.operation(actor="setup", at=timezone.now() - OLD):
        for number in range(10):
            Room.objects.create(name=f"Room {number}")
    everybody_takes()
    return list(Event.objects.order_by("id").values_list("id", flat=True))


def everybody_takes():
    while AuditSink().step():
        pass
    low = Cursor.objects.get(sink="audit").low
    for sink in progress.SINKS:
        Cursor.objects.update_or_create(sink=sink, defaults={"low": low, "updated_at": timezone.now()})


def ids():
    return list(Event.objects.exclude(verb="history.pruned").order_by("id").values_list("id", flat=True))


def prune(line, *, keep="30 days", most=5000):
    return line.execute(FUNCTION, [keep, most]).fetchone()[0]


class TestTheFunction:
    def test_takes_what_everybody_has(self, line, old):
        assert prune(line) == 10
        assert ids() == []

    @pytest.mark.parametrize("sink", progress.SINKS)
    def test_never_passes_the_slowest_sink(self, line, old, sink):
        slow = Event.objects.get(pk=old[4]).txid
        Cursor.objects.filter(sink=sink).update(low=slow)

        assert prune(line) == 4
        assert ids() == old[4:]

    @pytest.mark.parametrize("sink", progress.SINKS)
    def test_takes_nothing_while_a_sink_has_not_begun(self, line, old, sink):
        Cursor.objects.filter(sink=sink).delete()

        assert prune(line) == 0

    def test_waits_for_a_sink_it_does_not_know(self, line, old):
        Cursor.objects.create(sink="fax", low=0, updated_at=timezone.now())
        assert prune(line) == 0

        call_command("retiresink", "fax")
        assert prune(line) == 10

    def test_leaves_what_is_not_sealed(self, line, old):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE notifications_auditentry DISABLE TRIGGER audit_trail_is_append_only")
            cursor.execute("DELETE FROM notifications_auditentry WHERE event_id = %s", [old[2]])
            cursor.execute("ALTER TABLE notifications_auditentry ENABLE TRIGGER audit_trail_is_append_only")

        assert prune(line) == 9
        assert ids() == [old[2]]

    def test_leaves_what_is_young(self, line, old):
        assert prune(line, keep="41 days") == 0

    @pytest.mark.parametrize("keep", ["23 hours", "-1 day", None])
    def test_keeps_a_day_in_any_case(self, line, old, keep):
        with pytest.raises(psycopg.errors.CheckViolation, match="kept for a day at least"):
            prune(line, keep=keep)

    def test_takes_a_chunk_from_the_beginning(self, line, old):
        assert prune(line, most=3) == 3
        assert ids() == old[3:]


class TestTheDoor:
    def test_is_not_opened_by_hand(self, line, old):
        line.execute("SET clinic.history_door = 'DELETE'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            line.execute("DELETE FROM queueing_event")

    def test_is_not_opened_by_hand_with_the_right_to_delete(self, line, old):
        """The trigger asks who it is, and not only the privilege."""
        with connection.cursor() as cursor:
            cursor.execute(f"GRANT DELETE ON queueing_event TO {settings.RUNTIME_ROLE}")
        try:
            line.execute("SET clinic.history_door = 'DELETE'")
            with pytest.raises(psycopg.IntegrityError, match="history is never changed"):
                line.execute("DELETE FROM queueing_event")
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"REVOKE DELETE ON queueing_event FROM {settings.RUNTIME_ROLE}")

    def test_lets_nothing_else_through(self, old):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL clinic.history_door = 'DELETE'")
            with pytest.raises(IntegrityError, match="history is never changed"), transaction.atomic():
                cursor.execute("UPDATE queueing_event SET actor = 'eve'")

    def test_is_shut_behind_the_function(self, old):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(FUNCTION, ["30 days", 1])
            with pytest.raises(IntegrityError, match="history is never changed"), transaction.atomic():
                cursor.execute("DELETE FROM queueing_event")

    def test_is_not_for_everybody(self, old):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT has_function_privilege('public', 'notifications_prune_history(interval, integer)', 'EXECUTE')"
            )
            assert cursor.fetchone() == (False,)


class TestPrunehistory:
    def test_leaves_an_entry_for_each_chunk(self, old, capsys):
        call_command("prunehistory", chunk=4)

        assert capsys.readouterr().out == (
            "Removed 10 events and 0 records of batches and activity older than 30 days.\n"
        )
        notes = Event.objects.filter(verb="history.pruned").order_by("id")
        assert [note.changes for note in notes] == [
            {"events": [None, len(part)], "first_id": [None, part[0]], "last_id": [None, part[-1]]}
            for part in (old[:4], old[4:8], old[8:])
        ]
        everybody_takes()
        assert AuditEntry.objects.latest("seq").sentence == (
            f"prunehistory took 2 sealed events up to event {old[-1]} out of history"
        )
        assert chain.verify({}).bad_seq is None

    def test_removes_nothing_without_its_entry(self, old, monkeypatch):
        monkeypatch.setattr(history, "note", crash)

        with pytest.raises(SystemError):
            pruning.prune_chunk(days=30, chunk=4)

        assert ids() == old

    def test_works_as_the_clinic_at_work(self, old, at_work):
        call_command("prunehistory")

        assert ids() == []

    def test_leaves_what_checkqueues_needs(self, old, issue, service, sofia):
        """A line that was last used long ago is still explained; what came before its last week may go."""
        end = timezone.now() - OLD
        early = issue(at=end - timedelta(days=20))
        tickets.cancel(ticket_id=early.pk, actor=sofia, at=end - timedelta(days=20))
        last = issue(at=end)
        everybody_takes()

        call_command("prunehistory", days=1)

        assert not history.of(early).exists()
        assert history.of(last).exists()
        assert integrity.validate_queue_integrity(service.pk).problems == []

    def test_says_whom_it_waits_for(self, old):
        Cursor.objects.filter(sink="push").delete()

        with pytest.raises(CommandError, match="because push has not read any history yet"):
            call_command("prunehistory")

    @pytest.mark.parametrize("wrong", [{"days": 0}, {"days": -3}, {"chunk": 0}])
    def test_refuses_nonsense(self, old, wrong):
        with pytest.raises(CommandError, match="must be 1 or more. Nothing was removed"):
            call_command("prunehistory", **wrong)


class TestRetiresink:
    def test_refuses_one_that_is_in_use(self, old):
        with pytest.raises(CommandError, match="still delivers to push, so it was not retired"):
            call_command("retiresink", "push")
        assert Cursor.objects.filter(sink="push").exists()

    def test_gives_in(self, old):
        call_command("retiresink", "push", force=True)
        assert not Cursor.objects.filter(sink="push").exists()

    def test_names_those_there_are(self, old):
        with pytest.raises(CommandError, match="no sink fax. There are: audit, push, replica"):
            call_command("retiresink", "fax")


def crash(*args, **kwargs):
    raise SystemError("the process ends here")

    def test_takes_old_records_along_and_leaves_what_is_open_or_young(self, db, capsys):
        everybody_takes()
        old, young = timezone.now() - timedelta(days=31), timezone.now() - timedelta(days=29)
        for at in (old, young):
            Activity.objects.create(at=at, kind="page.opened")
            parked = {"sink": "push", "model": "queueing.service", "object_id": 1, "error": "x", "parked_at": old}
            DeadLetter.objects.create(**parked, outcome="delivered", closed_at=at)
        DeadLetter.objects.create(**parked)
        Delivery.objects.update(finished_at=old)
        number = Delivery.objects.count()

        call_command("prunehistory", chunk=1)

        assert f"and {number + 2} records" in capsys.readouterr().out
        assert list(Activity.objects.values_list("at", flat=True)) == [young]
        assert set(DeadLetter.objects.values_list("outcome", "closed_at")) == {("open", None), ("delivered", young)}
