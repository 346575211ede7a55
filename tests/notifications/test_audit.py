from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from notifications import chain
from notifications.models import AuditAnchor, AuditEntry, Cursor, Delivery
from notifications.sinks import audit, base
from notifications.sinks.audit import AuditSink
from notifications.sinks.replica import ReplicaSink
from queueing.models import Event

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


def seal_everything():
    while AuditSink().step():
        pass


def tamper(statement):
    """As somebody would who may switch the trigger off."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_auditentry DISABLE TRIGGER audit_trail_is_append_only")
        cursor.execute(statement)
        cursor.execute("ALTER TABLE notifications_auditentry ENABLE TRIGGER audit_trail_is_append_only")


@pytest.fixture
def trail(clinic, desk):
    """Sealed, and its head told to the replica."""
    for _ in range(3):
        desk.issue(clinic.first)
    desk.call_next(clinic.room)
    seal_everything()
    ReplicaSink().anchor()


class TestAuditSink:
    def test_seals_every_event_once_in_order(self, trail):
        assert list(AuditEntry.objects.order_by("seq").values_list("event_id", flat=True)) == list(
            Event.objects.order_by("id").values_list("id", flat=True)
        )
        assert list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True)) == list(
            range(1, Event.objects.count() + 1)
        )

    def test_says_it_in_words(self, trail):
        sentences = AuditEntry.objects.order_by("seq").values_list("sentence", flat=True)

        assert list(sentences)[-4:] == [
            "sofia issued A-001 for General practice",
            "sofia issued A-002 for General practice",
            "sofia issued A-003 for General practice",
            "sofia called A-001 to Room 1",
        ]

    def test_finds_nothing_to_do_twice(self, trail):
        assert not AuditSink().step()
        assert Delivery.objects.filter(sink="audit").count() == 1

    def test_records_what_it_took(self, trail):
        delivery = Delivery.objects.get(sink="audit")

        assert delivery.events == Event.objects.count()
        assert delivery.bytes == sum(Event.objects.values_list("bytes", flat=True))
        assert delivery.low_to == Cursor.objects.get(sink="audit").low

    def test_repeats_nothing_after_a_crash_before_the_cursor_moved(self, trail, clinic, desk, monkeypatch):
        desk.issue(clinic.second)
        before = AuditEntry.objects.count()
        monkeypatch.setattr(base, "advance", crash)
        with pytest.raises(SystemError):
            AuditSink().step()
        assert AuditEntry.objects.count() == before
        monkeypatch.undo()

        AuditSink().step(base.Turn(attempt=2))

        assert AuditEntry.objects.count() == before + 1
        assert Delivery.objects.latest("id").attempts == 2

    def test_seals_a_window_larger_than_its_chunk(self, clinic, desk, monkeypatch):
        monkeypatch.setattr(audit, "CHUNK", 2)
        for _ in range(5):
            desk.issue(clinic.first)

        seal_everything()

        assert AuditEntry.objects.count() == Event.objects.count()
        assert chain.verify(AuditEntry.objects.order_by("seq"), {}).bad_seq is None


class TestTheTrail:
    @pytest.mark.parametrize(
        "statement", ["UPDATE notifications_auditentry SET actor = 'eve'", "DELETE FROM notifications_auditentry"]
    )
    def test_refuses_to_be_changed(self, trail, statement):
        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


class TestVerifyAudit:
    def test_is_content_with_a_sound_trail(self, trail, capsys):
        call_command("verifyaudit")

        assert f"{AuditEntry.objects.count()} entries" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("statement", "problem"),
        [
            ("UPDATE notifications_auditentry SET actor = 'eve' WHERE seq = 3", "Entry 3 is not what was sealed"),
            ("UPDATE notifications_auditentry SET changes = '{}' WHERE seq = 3", "Entry 3 is not what was sealed"),
            ("DELETE FROM notifications_auditentry WHERE seq = 3", "Entry 3 is missing"),
        ],
    )
    def test_names_the_first_bad_entry(self, trail, statement, problem):
        tamper(statement)

        with pytest.raises(CommandError, match=problem):
            call_command("verifyaudit")

    def test_misses_a_tail_that_was_cut_off(self, trail):
        last = AuditEntry.objects.count()
        tamper(f"DELETE FROM notifications_auditentry WHERE seq = {last}")

        with pytest.raises(CommandError, match=f"Entry {last} is missing"):
            call_command("verifyaudit")

    def test_knows_a_trail_that_was_sealed_again(self, trail):
        """Every hash is right; only the replica remembers another one."""
        last = AuditEntry.objects.latest("seq")
        last.actor = "eve"
        tamper(
            f"UPDATE notifications_auditentry SET actor = 'eve', hash = '{chain.digest(last)}' WHERE seq = {last.seq}"
        )

        with pytest.raises(CommandError, match=f"Entry {last.seq} is not what the replica remembers"):
            call_command("verifyaudit")

    def test_cannot_know_that_without_the_replica(self, trail):
        """If this fails, the test above proves nothing."""
        last = AuditEntry.objects.latest("seq")
        last.actor = "eve"
        AuditAnchor.objects.using("replica").all().delete()
        tamper(
            f"UPDATE notifications_auditentry SET actor = 'eve', hash = '{chain.digest(last)}' WHERE seq = {last.seq}"
        )

        call_command("verifyaudit")


def crash(*args, **kwargs):
    raise SystemError("the process ends here")
