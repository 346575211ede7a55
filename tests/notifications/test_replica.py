from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.db import connections, transaction

from notifications import comparison
from notifications.models import Cursor, Delivery, ReplicaState
from notifications.sinks import base, replica
from notifications.sinks.replica import ReplicaSink
from queueing.models import Line, Patient, Room, Ticket
from tests.notifications.replicas import WRITERS, alter, catch_up, work_at_random

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


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


def crash(*args, **kwargs):
    raise SystemError("the process ends here")
