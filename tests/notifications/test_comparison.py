from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from notifications import comparison, limits, reader
from notifications.models import Comparison
from notifications.sinks import replica
from notifications.sinks.replica import ReplicaSink
from queueing import tickets
from queueing.models import Patient, Room, Ticket
from tests.notifications.replicas import WRITERS, alter, catch_up, work_at_random

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


def for_good():
    """Differences that no delivery will see to."""
    return [(found.model, found.key, found.kind) for found in comparison.compare() if not found.pending]


@pytest.fixture
def deliver_between(monkeypatch, clinic, sofia):
    """A ticket is issued, and carried there by others as soon as the primary's snapshot is open."""

    def issue_and(deliver):
        try:
            tickets.issue(service_id=clinic.first.pk, actor=sofia, at=timezone.now())
            deliver()
        finally:
            connections.close_all()

    by_state = reader.by_state

    def start(deliver):
        @contextlib.contextmanager
        def interrupted(**kwargs):
            with by_state(**kwargs) as now:
                monkeypatch.setattr(reader, "by_state", by_state)
                other = threading.Thread(target=issue_and, args=[deliver])
                other.start()
                other.join()
                yield now

        monkeypatch.setattr(reader, "by_state", interrupted)

    return start


@pytest.fixture
def busy(clinic, sofia):
    """What a comparison finds, again and again, while four others write and a fifth delivers."""

    def look():
        catch_up()
        stop, rounds = threading.Event(), 0
        with ThreadPoolExecutor(WRITERS + 1) as pool:
            writers = [pool.submit(work_at_random, clinic, sofia, seed) for seed in range(WRITERS)]
            delivering = pool.submit(deliver_until, stop)
            try:
                while not all(writer.done() for writer in writers):
                    yield for_good()
                    rounds += 1
            finally:
                stop.set()
        assert min(delivering.result(), rounds) > 5

    return look


class TestCompare:
    def test_names_what_is_on_its_way(self, clinic, desk):
        catch_up()
        ticket = desk.issue(clinic.first)

        found = {(difference.model, difference.key, difference.pending) for difference in comparison.compare()}

        assert found == {(Ticket, ticket.pk, True), (type(clinic.first.line), clinic.first.pk, True)}

    @pytest.mark.parametrize("deliver", [catch_up, replica.resync])
    def test_is_not_misled_by_a_delivery_in_the_middle(self, clinic, deliver_between, deliver):
        catch_up()
        deliver_between(deliver)

        assert comparison.compare() == []
        assert Ticket.objects.using("replica").exists()

    def test_would_be_misled_without_a_snapshot_of_the_replica(self, clinic, deliver_between, monkeypatch):
        """If this fails, the test above proves nothing."""
        catch_up()
        deliver_between(catch_up)
        snapshot, none = limits.snapshot, contextlib.nullcontext()
        monkeypatch.setattr(
            limits, "snapshot", lambda using, **to: none if using == "replica" else snapshot(using, **to)
        )

        found = for_good()

        assert (Ticket, Ticket.objects.get().pk, "only on the replica") in found

    def test_finds_nothing_while_others_write_and_deliver(self, busy):
        for found in busy():
            assert found == []
        catch_up()
        assert comparison.compare() == []

    def test_finds_what_is_wrong_while_others_write_and_deliver(self, clinic, busy):
        patient = Patient.objects.create(reference="P-1", name="Ann")
        catch_up()
        alter("UPDATE queueing_patient SET name = 'Eve'")

        for found in busy():
            assert found == [(Patient, patient.pk, "differs")]


class TestCompareReplica:
    def test_is_content_with_an_equal_one(self, clinic, capsys):
        catch_up()

        call_command("comparereplica")

        assert "The replica is equal: 11 rows, 0 of them on their way." in capsys.readouterr().out
        kept = Comparison.objects.get()
        assert (kept.rows, kept.differences, kept.repaired) == (11, 0, False)

    def test_is_content_with_one_that_is_behind(self, clinic, desk, capsys):
        catch_up()
        desk.issue(clinic.first)

        call_command("comparereplica")

        assert "12 rows, 2 of them on their way" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("UPDATE queueing_room SET name = 'Cellar' WHERE id = {room}", "queueing_room {room}: differs"),
            ("UPDATE queueing_line SET version = version + 1", "queueing_line {first}: differs"),
            ("DELETE FROM queueing_roomservice", "missing on the replica"),
            (
                "INSERT INTO queueing_room (id, name, is_open, closed_because) VALUES (5000, 'x', true, '')",
                "queueing_room 5000: only on",
            ),
        ],
    )
    def test_finds_a_difference(self, clinic, capsys, statement, said):
        names = {"room": clinic.room.pk, "first": clinic.first.pk}
        catch_up()
        alter(statement.format(**names))

        with pytest.raises(CommandError, match="not the same"):
            call_command("comparereplica")

        assert said.format(**names) in capsys.readouterr().out

    def test_names_no_more_than_twenty_of_a_table(self, clinic, capsys):
        catch_up()
        alter(
            "INSERT INTO queueing_room (id, name, is_open, closed_because)"
            " SELECT n, n::text, true, '' FROM generate_series(1000000, 1000022) n"
        )

        with pytest.raises(CommandError, match="23 rows of 11 not the same"):
            call_command("comparereplica")

        assert capsys.readouterr().out.splitlines()[-1] == "queueing_room: and 3 more"

    def test_repairs(self, clinic, desk, capsys):
        Patient.objects.create(reference="P-1", name="Ann")
        ticket = desk.issue(clinic.first)
        catch_up()
        alter("UPDATE queueing_room SET name = name || ' of old'")
        alter("UPDATE queueing_line SET version = version + 1")
        alter("DELETE FROM queueing_ticket")
        alter("INSERT INTO queueing_patient (id, reference, name, phone, show_name) VALUES (70, 'x', '', '', false)")
        Room.objects.create(name="Room 1 of old")  # on its way, and on the replica another room has its name

        call_command("comparereplica", repair=True)

        assert "6 rows repaired" in capsys.readouterr().out
        assert comparison.compare() == []
        assert Ticket.objects.using("replica").get() == ticket
        kept = Comparison.objects.get()
        assert (kept.differences, kept.repaired) == (6, True)

    def test_is_followed_by_deliveries_as_ever(self, clinic, desk):
        catch_up()
        alter("UPDATE queueing_room SET name = name || ' of old'")
        desk.issue(clinic.first)
        call_command("comparereplica", repair=True)
        desk.call_next(clinic.room)

        assert ReplicaSink().step()

        assert comparison.compare() == []

    def test_says_so_when_there_is_nothing_to_compare(self, clinic):
        with pytest.raises(CommandError, match="never filled"):
            call_command("comparereplica")

    def test_says_so_when_the_replica_does_not_answer(self, clinic, monkeypatch):
        monkeypatch.setitem(connections["replica"].settings_dict, "NAME", "nowhere")
        connections["replica"].close()

        with pytest.raises(CommandError, match="broken off"):
            call_command("comparereplica")


def deliver_until(stop):
    sink, batches = ReplicaSink(), 0
    try:
        while not stop.is_set():
            batches += sink.step()
        return batches
    finally:
        connections.close_all()
