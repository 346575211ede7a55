from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from notifications import anchors, chain
from notifications.models import AuditAnchor, AuditEntry, Cursor, Delivery
from notifications.sinks import audit, base
from notifications.sinks.audit import AuditSink
from notifications.sinks.replica import ReplicaSink
from queueing.models import Event

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


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

        AuditSink().step()

        assert AuditEntry.objects.count() == Event.objects.count()
        assert not chain.verify({}).problem


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


class TestAnchors:
    def test_of_one_large_batch_are_at_every_thousandth_entry(self, trail, monkeypatch):
        monkeypatch.setattr(anchors, "EVERY", 4)

        anchors.write(head=False)

        assert list(anchors.known()) == [4, 8, 12]

    def test_of_a_quiet_clinic_is_the_last_entry_once_a_minute(self, trail, clinic, desk):
        sink = ReplicaSink()
        sink.step()
        head = AuditEntry.objects.latest("seq")
        assert anchors.known() == {head.seq: head.hash}
        desk.issue(clinic.first)
        AuditSink().step()
        sink.step()
        assert list(anchors.known()) == [head.seq]
        sink.anchored_at -= 60

        sink.step()

        assert list(anchors.known()) == [head.seq, head.seq + 1]

    def test_stand_in_the_log_as_well(self, trail, caplog):
        caplog.set_level("INFO")

        anchors.write(head=True)

        head = AuditEntry.objects.latest("seq")
        assert caplog.messages == [f"Audit anchor seq={head.seq} hash={head.hash}"]

    def test_are_never_written_over(self, trail):
        AuditAnchor.objects.using("replica").create(seq=trail, hash="another", at=timezone.now())

        anchors.write(head=True)

        assert anchors.known() == {trail: "another"}


def crash(*args, **kwargs):
    raise SystemError("the process ends here")
