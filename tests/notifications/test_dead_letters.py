"""What a sink does with the one thing that it cannot take."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from notifications import comparison, copying, direct, letters, retry
from notifications.letters import Row
from notifications.models import AuditEntry, Cursor, DeadLetter
from notifications.sinks import audit, base, push
from notifications.sinks.audit import AuditSink
from notifications.sinks.push import PushSink
from notifications.sinks.replica import ReplicaSink
from queueing import history
from queueing.models import Event, Patient, Room, Ticket

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])
CAREFUL = base.Turn(careful=True)


def catch_up(turn=base.FIRST):
    sink = ReplicaSink()
    while sink.step(turn):
        pass


@pytest.fixture
def narrow(on_replica):
    """The replica takes no room of this name, and both sides have the same columns all the same."""
    on_replica(
        "ALTER TABLE queueing_room ADD CONSTRAINT narrow CHECK (name <> 'Cellar')",
        undo="ALTER TABLE queueing_room DROP CONSTRAINT IF EXISTS narrow",
    )


def rename(room, name):
    room.name = name
    room.save()


class TestAPoisonRow:
    def test_is_put_aside_and_the_rest_goes_on(self, clinic, desk, narrow):
        catch_up()
        rename(clinic.room, "Cellar")
        ticket = desk.issue(clinic.first)
        history.note("history.pruned", model="queueing.event", object_id=1, changes={})  # about no row

        catch_up()

        letter = DeadLetter.objects.get()
        assert (letter.sink, letter.model, letter.object_id) == ("replica", "queueing.room", clinic.room.pk)
        assert letter.error.startswith("CheckViolation 23514")
        assert Ticket.objects.using("replica").filter(pk=ticket.pk).exists()
        assert Room.objects.using("replica").get(pk=clinic.room.pk).name == "Room 1"

    def test_is_tried_again_when_it_changes(self, clinic, narrow):
        catch_up()
        rename(clinic.room, "Cellar")
        catch_up()
        rename(clinic.room, "Room 7")

        catch_up()

        assert DeadLetter.objects.get().outcome == "delivered"
        assert comparison.compare() == []

    def test_is_tried_again_when_it_is_due_and_counted(self, clinic, narrow, on_replica):
        catch_up()
        rename(clinic.room, "Cellar")
        catch_up()
        DeadLetter.objects.update(retry_at=timezone.now())
        catch_up()
        assert DeadLetter.objects.get().attempts == 2
        assert DeadLetter.objects.get().retry_at - timezone.now() > timedelta(seconds=50)
        on_replica("ALTER TABLE queueing_room DROP CONSTRAINT narrow")
        catch_up()
        assert DeadLetter.objects.get().outcome == "open", "before it is due"

        DeadLetter.objects.update(retry_at=timezone.now())
        catch_up()

        assert DeadLetter.objects.get().outcome == "delivered"
        assert comparison.compare() == []

    def test_does_not_keep_an_empty_replica_from_being_filled(self, clinic, desk, narrow):
        rename(clinic.other, "Cellar")
        ticket = desk.issue(clinic.first)

        catch_up()

        assert Ticket.objects.using("replica").filter(pk=ticket.pk).exists()
        assert letters.open_of("replica").keys() >= {Row("queueing.room", clinic.other.pk)}

    def test_is_named_by_resyncreplica(self, clinic, narrow):
        rename(clinic.other, "Cellar")

        with pytest.raises(CommandError, match=f"put aside as dead letters: .*queueing.room {clinic.other.pk}"):
            call_command("resyncreplica")

    def test_leaves_rows_alone_that_only_exchange_a_value(self, clinic, narrow):
        catch_up()
        with transaction.atomic():
            third = Room.objects.create(name="x")
            for room, name in ((clinic.room, "y"), (clinic.other, "Room 1"), (clinic.room, "Room 2")):
                rename(room, name)
            rename(third, "Cellar")

        catch_up()

        assert letters.open_of("replica").keys() == {Row("queueing.room", third.pk)}
        assert Room.objects.using("replica").get(name="Room 1").pk == clinic.other.pk

    def test_takes_no_children_along(self, clinic, on_replica):
        catch_up()
        on_replica(
            "ALTER TABLE queueing_patient ADD CONSTRAINT narrow CHECK (name <> 'Ann')",
            undo="ALTER TABLE queueing_patient DROP CONSTRAINT narrow",
        )
        with transaction.atomic():
            for name in ("Ann", "Ben", "Cleo"):
                Patient.objects.create(name=name)

        catch_up()

        assert set(Patient.objects.using("replica").values_list("name", flat=True)) == {"Ben", "Cleo"}

    def test_stops_the_replica_when_nobody_puts_it_aside(self, clinic, desk, narrow, monkeypatch):
        """If this fails, those above prove nothing."""
        monkeypatch.setattr(copying, "copy_apart", lambda rows, say=None: copying.copy_touched(rows) or [])
        catch_up()
        rename(clinic.room, "Cellar")

        with pytest.raises(Exception, match="narrow"):
            catch_up()


class TestABoard:
    @pytest.fixture
    def broken(self, clinic, monkeypatch):
        board = push.queueing_board.board

        def fail_for_the_first(service, at):
            if service == clinic.first.pk:
                raise KeyError("code")
            return board(service, at)

        monkeypatch.setattr(push.queueing_board, "board", fail_for_the_first)

    @pytest.fixture
    def screens(self, redis):
        sink = PushSink()
        yield sink
        sink.close()

    def test_that_cannot_be_made_is_put_aside_and_the_others_are_shown(self, clinic, screens, broken, redis):
        while screens.step():
            pass

        assert DeadLetter.objects.get().object_id == clinic.first.pk
        assert redis.hkeys("clinic:boards") == [str(clinic.second.pk)]

    def test_is_made_again_when_its_line_changes(self, clinic, screens, broken, redis, desk, monkeypatch):
        while screens.step():
            pass
        monkeypatch.undo()
        desk.issue(clinic.first)

        screens.step()

        assert DeadLetter.objects.get().outcome == "delivered"
        assert redis.hexists("clinic:boards", str(clinic.first.pk))

    def test_is_made_again_when_it_is_due(self, clinic, screens, broken, redis, monkeypatch):
        while screens.step():
            pass
        monkeypatch.undo()
        DeadLetter.objects.update(retry_at=timezone.now())
        screens.ticked_at = float("-inf")

        screens.step()
        screens.step()

        assert DeadLetter.objects.get().outcome == "delivered"


class TestTheAuditTrail:
    @pytest.fixture
    def broken(self, clinic, desk, monkeypatch):
        """The event that cannot be told in words."""
        for _ in range(3):
            desk.issue(clinic.first)
        bad = Event.objects.order_by("id")[5]
        sentence = audit.sentences.sentence

        def fail(event, names):
            if event.pk == bad.pk:
                raise KeyError("code")
            return sentence(event, names)

        monkeypatch.setattr(audit.sentences, "sentence", fail)
        return bad

    def test_stops_and_names_the_event(self, broken):
        with pytest.raises(retry.Stopped, match=rf"At event {broken.pk} \({broken.verb}\)\. KeyError"):
            AuditSink().step()

        assert not AuditEntry.objects.exists()

    def test_names_an_event_that_the_database_refuses(self, clinic, monkeypatch):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE notifications_auditentry ADD CONSTRAINT narrow CHECK (seq <> 1) NOT VALID")
        try:
            with pytest.raises(retry.Stopped, match="CheckViolation 23514"):
                AuditSink().step()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE notifications_auditentry DROP CONSTRAINT narrow")

    def test_goes_on_by_itself_once_it_can(self, broken, monkeypatch):
        with pytest.raises(retry.Stopped):
            AuditSink().step()
        monkeypatch.undo()

        AuditSink().step()

        assert AuditEntry.objects.count() == Event.objects.count()


class TestWhatAWorkerDiedOf:
    def test_is_put_aside_until_a_person_asks(self, clinic, desk):
        catch_up()
        ticket = desk.issue(clinic.first)
        ReplicaSink().blame(f"queueing.ticket {ticket.pk}")

        catch_up()

        assert not Ticket.objects.using("replica").exists()
        assert DeadLetter.objects.get().retry_at is None
        call_command("retrysink", "replica")
        catch_up()
        assert Ticket.objects.using("replica").exists()
        assert DeadLetter.objects.get().outcome == "delivered"

    def test_is_told_before_it_is_tried(self, clinic, desk, monkeypatch):
        catch_up()
        ticket = desk.issue(clinic.first)
        told = []
        replace = copying._replace

        def look(model, keys):
            with psycopg.connect(**direct.params("default", application="test")) as line:
                told.append(line.execute("SELECT trying FROM notifications_cursor WHERE sink = 'replica'").fetchone())
            replace(model, keys)

        monkeypatch.setattr(copying, "_replace", look)
        catch_up(CAREFUL)

        assert told == [(f"queueing.ticket {ticket.pk}",)]
        assert Cursor.objects.get(sink="replica").trying == ""
        assert comparison.compare() == []

    def test_stops_the_audit_trail_until_a_person_asks(self, clinic):
        base.cursor("audit")
        Cursor.objects.update(trying="event 1 (service.added)")
        with pytest.raises(retry.Stopped, match="event 1"):
            AuditSink().step()

        call_command("retrysink", "audit")

        assert AuditSink().step()

    def test_can_be_asked_for_a_sink_that_there_is(self):
        with pytest.raises(CommandError, match="There is no sink 'fax'"):
            call_command("retrysink", "fax")
