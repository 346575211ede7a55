"""What fifty people at once may not break; and that without the lock they do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import OperationalError, connection, transaction

from queueing import acting, integrity, ordering, refusals, tickets
from queueing.models import Event, Line, Patient, Ticket
from tests.processes import wait_until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

FIFTY = 50


def in_a_thread(verb, **arguments):
    def act():
        try:
            return verb(**arguments)
        finally:
            connection.close()

    return act


def somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def type_name(result):
    return type(result).__name__


def sound(*services):
    return all(not integrity.validate_queue_integrity(service.pk).problems for service in services)


class TestFiftyIssuesAtOnce:
    def test_get_fifty_codes_and_fifty_positions(self, at_once, service, act):
        issued = at_once(*[partial(tickets.issue, service_id=service.pk, **act)] * FIFTY)

        assert sorted(t.code for t in issued) == [f"A-{n:03d}" for n in range(1, FIFTY + 1)]
        assert len({t.position for t in issued}) == FIFTY
        assert sound(service)

    def test_with_one_key_give_one_ticket(self, at_once, service, act):
        issued = at_once(*[partial(tickets.issue, service_id=service.pk, key="k", **act)] * FIFTY)

        assert len({t.pk for t in issued}) == Ticket.objects.count() == 1

    def test_collide_without_the_lock(self, at_once, service, act, without_the_lock, meet):
        """If this fails, the tests above prove nothing."""
        meet(ordering, "arrive")

        issued = at_once(*[partial(tickets.issue, service_id=service.pk, **act)] * 2)

        assert any(isinstance(result, Exception) for result in issued)


class TestOneNewPatientAtTwoDesks:
    def test_is_added_once_and_the_other_desk_is_told(self, at_once, make_service, act):
        services = [make_service(), make_service()]

        def issue(service):
            patient = Patient(reference="P-1", name="Ana")
            return tickets.issue(service_id=service.pk, patient=patient, **act)

        first, second = sorted(at_once(*[partial(issue, service) for service in services]), key=type_name)

        assert isinstance(first, refusals.JustAdded)
        assert second.patient == Patient.objects.get()
        assert Ticket.objects.get() == second
        assert sound(*services)


class TestTwoPatientsRenamedAtOnce:
    @pytest.fixture
    def renamed(self, at_once, make_service, make_patient, act, meet):
        """Each desk issues for one service to a patient whom the board of the other service shows."""
        services, patients = [make_service(), make_service()], [make_patient(), make_patient()]
        for service, patient in zip(reversed(services), patients, strict=True):
            tickets.issue(service_id=service.pk, patient=patient, **act)
        meet(acting, "done_before")

        def issue(service, patient):
            patient.name = "Ana"
            return tickets.issue(service_id=service.pk, patient=patient, **act)

        return lambda: at_once(*[partial(issue, *pair) for pair in zip(services, patients, strict=True)])

    def test_both_get_their_tickets(self, renamed):
        assert [type_name(result) for result in renamed()] == ["Ticket", "Ticket"]

    @pytest.fixture
    def without_the_lock(self, monkeypatch):
        """Of the other line."""
        monkeypatch.setattr(acting, "lines_of", lambda patient: set())

    def test_deadlock_unless_both_lines_are_locked_first(self, without_the_lock, renamed):
        """If this fails, the test above proves nothing."""
        assert "OperationalError" in [type_name(result) for result in renamed()]


class TestFiftyCallsAtOnce:
    @pytest.fixture
    def rooms(self, make_room, service):
        return [make_room(service) for _ in range(FIFTY)]

    def test_call_fifty_tickets(self, at_once, rooms, service, issue, act):
        for _ in range(FIFTY):
            issue()

        called = at_once(*[partial(tickets.call_next, room_id=room.pk, **act) for room in rooms])

        assert len({t.pk for t in called}) == FIFTY
        assert {t.room for t in called} == set(rooms)

    def test_call_the_five_who_wait_and_tell_the_rest(self, at_once, rooms, service, issue, act):
        for _ in range(5):
            issue()

        called = at_once(*[partial(tickets.call_next, room_id=room.pk, **act) for room in rooms])

        assert sum(isinstance(result, Ticket) for result in called) == 5
        assert sum(isinstance(result, refusals.NobodyWaiting) for result in called) == FIFTY - 5

    def test_call_one_ticket_into_one_room(self, at_once, room, issue, act):
        issue(), issue()

        called = at_once(*[partial(tickets.call_next, room_id=room.pk, **act)] * 2)

        assert sorted(type(result) for result in called if isinstance(result, Exception)) == [refusals.RoomBusy]

    def test_call_one_patient_twice_without_the_lock(self, at_once, rooms, service, issue, act, without_the_lock, meet):
        """If this fails, the tests above prove nothing."""
        issue(), issue()
        meet(ordering, "head")

        called = at_once(*[partial(tickets.call_next, room_id=room.pk, **act) for room in rooms[:2]])

        assert [result.pk for result in called] == [called[0].pk] * 2


class TestCallAgainstCancel:
    def test_one_wins_and_the_other_is_told(self, at_once, room, issue, act, meet):
        meet(acting, "expect")
        ticket = issue()

        results = at_once(
            partial(tickets.call, ticket_id=ticket.pk, room_id=room.pk, **act),
            partial(tickets.cancel, ticket_id=ticket.pk, **act),
        )

        # A called ticket may still be cancelled; a cancelled one is never called.
        verbs = list(Event.objects.filter(object_id=ticket.pk, model="queueing.ticket").values_list("verb", flat=True))
        assert verbs in (
            ["ticket.issued", "ticket.called", "ticket.cancelled"],
            ["ticket.issued", "ticket.cancelled"],
        )
        assert sum(isinstance(result, refusals.WrongState) for result in results) == 3 - len(verbs)

    def test_both_win_without_the_lock(self, at_once, room, issue, act, without_the_lock, meet):
        """If this fails, the test above proves nothing: the database alone stops the second."""
        meet(acting, "expect")
        ticket = issue()

        results = at_once(
            partial(tickets.call, ticket_id=ticket.pk, room_id=room.pk, **act),
            partial(tickets.cancel, ticket_id=ticket.pk, **act),
        )

        assert not any(isinstance(result, refusals.WrongState) for result in results)


class TestClosing:
    """Somebody closes while somebody else, who saw it open, waits for the line."""

    @pytest.fixture
    def after_closing(self):
        def after_closing(row, verb):
            with ThreadPoolExecutor(1) as other_desk:
                with transaction.atomic():
                    row.is_open = False
                    row.save()
                    answer = other_desk.submit(verb)
                    wait_until(somebody_waits_for_a_lock)
                return answer.exception()

        return after_closing

    def test_a_service_lets_nobody_slip_in(self, after_closing, service, act):
        refusal = after_closing(service, in_a_thread(tickets.issue, service_id=service.pk, **act))

        assert isinstance(refusal, refusals.ServiceClosed)

    def test_a_room_lets_nobody_slip_in(self, after_closing, room, issue, act):
        issue()

        refusal = after_closing(room, in_a_thread(tickets.call_next, room_id=room.pk, **act))

        assert isinstance(refusal, refusals.RoomClosed)


class TestTransferBothWays:
    def test_never_deadlocks(self, at_once, service, make_service, issue, act):
        other = make_service()
        mine = [issue() for _ in range(10)]
        theirs = [issue(service_id=other.pk) for _ in range(10)]

        results = at_once(
            *[partial(tickets.transfer, ticket_id=t.pk, service_id=other.pk, **act) for t in mine],
            *[partial(tickets.transfer, ticket_id=t.pk, service_id=service.pk, **act) for t in theirs],
        )

        assert not [result for result in results if isinstance(result, Exception)]
        assert Ticket.objects.waiting().filter(service=other, code__startswith="A").count() == 10
        assert sound(service, other)

    def test_deadlocks_when_each_locks_its_own_line_first(
        self, at_once, service, make_service, issue, act, monkeypatch
    ):
        """If this fails, the test above proves nothing."""
        other = make_service()
        mine, theirs = issue(), issue(service_id=other.pk)
        both_hold_one = Barrier(2, timeout=2)

        def lock_in_the_order_given(*service_ids):
            lines = []
            for service_id in service_ids:
                lines.append(Line.objects.locked([service_id])[service_id])
                if len(service_ids) == 2 and len(lines) == 1:
                    both_hold_one.wait()
            return lines

        monkeypatch.setattr(ordering, "lock", lock_in_the_order_given)

        results = at_once(
            partial(tickets.transfer, ticket_id=mine.pk, service_id=other.pk, **act),
            partial(tickets.transfer, ticket_id=theirs.pk, service_id=service.pk, **act),
        )

        assert any(isinstance(result, OperationalError) and "deadlock" in str(result) for result in results)
