from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from notifications import comparison
from notifications.models import Cursor, Delivery, ReplicaState
from notifications.sinks import base, replica
from notifications.sinks.replica import ReplicaSink
from queueing import history, tickets
from queueing.models import Line, Patient, Room, Ticket
from queueing.refusals import TicketError

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

WRITERS = 4


def catch_up():
    sink = ReplicaSink()
    while sink.step():
        pass


def alter(statement):
    with connections["replica"].cursor() as cursor:
        cursor.execute(statement)


class TestReplicaSink:
    def test_fills_an_empty_replica(self, clinic, desk):
        desk.issue(clinic.first)

        catch_up()

        assert Ticket.objects.using("replica").count() == 1
        assert comparison.compare() == []

    def test_carries_changes_and_removals(self, clinic, desk):
        ticket = desk.issue(clinic.first)
        catch_up()
        desk.call_next(clinic.room)
        with transaction.atomic():
            clinic.hall.delete()

        catch_up()

        assert Ticket.objects.using("replica").get(pk=ticket.pk).status == "called"
        assert Line.objects.using("replica").get(pk=clinic.first.pk).last_number == 1
        assert comparison.compare() == []

    def test_carries_personal_data_that_history_does_not_hold(self, clinic):
        catch_up()
        Patient.objects.create(reference="P-1", name="Ann")

        catch_up()

        assert Patient.objects.using("replica").get().name == "Ann"

    def test_swaps_unique_values(self, clinic):
        catch_up()
        with transaction.atomic():
            for room, name in ((clinic.room, "x"), (clinic.other, "Room 1"), (clinic.room, "Room 2")):
                room.name = name
                room.save()

        catch_up()

        assert Room.objects.using("replica").get(name="Room 1").pk == clinic.other.pk

    def test_takes_ten_changes_of_a_row_as_one(self, clinic):
        catch_up()
        for _ in range(10):
            clinic.room.is_open = not clinic.room.is_open
            clinic.room.save()

        catch_up()

        assert list(Delivery.objects.filter(sink="replica").order_by("id").values_list("events", flat=True))[1:] == [10]

    def test_finds_nothing_to_do_twice(self, clinic):
        catch_up()

        assert not ReplicaSink().step()

    def test_changes_nothing_when_it_dies_before_the_cursor(self, clinic, desk, monkeypatch):
        catch_up()
        before = ReplicaState.objects.using("replica").get().snapshot
        desk.issue(clinic.first)
        monkeypatch.setattr(replica, "move", crash)
        with pytest.raises(SystemError):
            ReplicaSink().step()
        assert not Ticket.objects.using("replica").exists()
        assert ReplicaState.objects.using("replica").get().snapshot == before
        monkeypatch.undo()

        catch_up()

        assert comparison.compare() == []

    def test_repeats_nothing_when_it_dies_before_the_primary_knows(self, clinic, desk, monkeypatch):
        catch_up()
        desk.issue(clinic.first)
        monkeypatch.setattr(replica, "mirror", crash)
        with pytest.raises(SystemError):
            ReplicaSink().step()
        monkeypatch.undo()

        assert not ReplicaSink().step()

        assert comparison.compare() == []

    def test_gives_way_to_somebody_who_moved_the_cursor(self, clinic, desk):
        catch_up()
        state = ReplicaState.objects.using("replica").get()
        desk.issue(clinic.first)
        catch_up()

        with pytest.raises(base.CursorMoved), transaction.atomic(using="replica"):
            replica.move(state, state, base.FIRST)

    def test_tells_the_primary_how_far_it_is(self, clinic):
        catch_up()

        assert Cursor.objects.get(sink="replica").snapshot == ReplicaState.objects.using("replica").get().snapshot

    def test_fires_no_trigger_there(self, clinic):
        with connections["replica"].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")
            assert cursor.fetchone() == (0,)


class TestManyWriters:
    def test_leave_both_sides_equal(self, clinic, sofia):
        batches = 0
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(work_at_random, clinic, sofia, seed) for seed in range(WRITERS)]
            sink = ReplicaSink()
            while not all(writer.done() for writer in writers):
                batches += sink.step()
        catch_up()

        assert sum(writer.result() for writer in writers) > 50
        assert batches > 5
        assert comparison.compare() == []


class TestCompareReplica:
    def test_is_content_with_an_equal_one(self, clinic, capsys):
        catch_up()

        call_command("comparereplica")

        assert "equal" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE queueing_room SET name = 'Cellar' WHERE name = 'Room 1'",
            "DELETE FROM queueing_roomservice",
            "UPDATE queueing_line SET version = version + 1",
        ],
    )
    def test_finds_a_difference(self, clinic, statement):
        catch_up()
        alter(statement)

        with pytest.raises(CommandError, match="1 tables differ"):
            call_command("comparereplica")

    def test_says_so_when_nobody_carries_anything(self, clinic, desk):
        catch_up()
        desk.issue(clinic.first)

        with pytest.raises(CommandError, match="has not caught up"):
            call_command("comparereplica", wait=0)


class TestResyncReplica:
    def test_mends_what_was_changed_there(self, clinic, desk):
        desk.issue(clinic.first)
        catch_up()
        alter("UPDATE queueing_room SET name = 'Cellar' WHERE name = 'Room 1'")
        alter("DELETE FROM queueing_ticket")

        call_command("resyncreplica")

        call_command("comparereplica")

    def test_works_while_the_clinic_does(self, clinic, sofia):
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(work_at_random, clinic, sofia, seed) for seed in range(WRITERS)]
            while not all(writer.done() for writer in writers):
                replica.resync()
                ReplicaSink().step()
        catch_up()

        assert comparison.compare() == []


def work_at_random(clinic, sofia, seed):
    """Issues, calls, cancels, completes; now and then a room is renamed, or a patient added and rolled back."""
    chance, done = random.Random(seed), 0
    try:
        for number in range(40):
            try:
                act(chance, clinic, sofia, f"{seed}-{number}")
                done += 1
            except TicketError:
                pass
        return done
    finally:
        connection.close()


def act(chance, clinic, sofia, name):
    kind = chance.random()
    if kind < 0.4:
        service = chance.choice([clinic.first, clinic.second])
        tickets.issue(service_id=service.pk, priority="low", actor=sofia, at=timezone.now())
    elif kind < 0.6:
        room = chance.choice([clinic.room, clinic.other])
        ticket = tickets.call_next(room_id=room.pk, actor=sofia, at=timezone.now())
        tickets.complete(ticket_id=ticket.pk, outcome="seen", actor=sofia, at=timezone.now())
    else:
        with transaction.atomic(), history.operation(actor="somebody"):
            patient = Patient.objects.create(reference=name, name=name)
            if kind < 0.8:
                patient.delete()
            if kind > 0.95:
                transaction.set_rollback(True)


def crash(*args, **kwargs):
    raise SystemError("the process ends here")
