"""What patients can do themselves, and what they cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from notifications import sentences
from queueing import history, integrity, ordering, refusals, self_service, tickets
from queueing.models import Event, Ticket
from queueing.refusals import AlreadyWaiting
from tests.conftest import NINE, codes

pytestmark = pytest.mark.django_db(transaction=True)

Status = Ticket.Status
ALL = list(Status)


def minutes(number):
    return NINE + timedelta(minutes=number)


@pytest.fixture
def line(issue):
    """A-001 to A-004, a minute apart."""
    return [issue(at=minutes(number)) for number in range(4)]


@pytest.fixture
def call(sofia, room):
    def call(ticket, at=NINE):
        return tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=at)

    return call


def last(ticket):
    return history.of(ticket).first()


class TestComing:
    def test_answers_a_call_and_is_history_in_words(self, issue, call):
        ticket = call(issue())

        self_service.come(ticket_id=ticket.pk, at=minutes(1))

        ticket.refresh_from_db()
        assert (ticket.status, ticket.coming_at) == (Status.CALLED, minutes(1))
        event = last(ticket)
        assert (event.verb, event.actor) == ("ticket.coming", "patient")
        assert sentences.sentence(event, sentences.names_for([event])) == "patient of A-001 is coming"

    def test_twice_is_once(self, issue, call):
        ticket = call(issue())

        for minute in (1, 2):
            self_service.come(ticket_id=ticket.pk, at=minutes(minute))

        ticket.refresh_from_db()
        assert ticket.coming_at == minutes(1)
        assert Event.objects.filter(verb="ticket.coming").count() == 1

    @pytest.mark.parametrize("status", [status for status in ALL if status != Status.CALLED])
    def test_is_refused_to_who_is_not_called(self, issue, at, room, status):
        ticket = at(issue(), status, room)

        with pytest.raises(self_service.NotNow, match="You are not called now"):
            self_service.come(ticket_id=ticket.pk, at=NINE)

    def test_is_forgotten_by_the_next_call_and_in_line(self, issue, call, sofia):
        ticket = call(issue())
        self_service.come(ticket_id=ticket.pk, at=NINE)

        tickets.put_back(ticket_id=ticket.pk, actor=sofia, at=NINE)
        assert Ticket.objects.get().coming_at is None

        call(ticket)
        assert Ticket.objects.get().coming_at is None


class TestMoreTime:
    def test_counts_ten_minutes_later_if_that_is_further_back(self, issue):
        line = [issue(at=minutes(number)) for number in (0, 1, 9, 11)]

        self_service.take_more_time(ticket_id=line[0].pk, at=minutes(20))

        assert codes(line[0].service) == ["A-002", "A-003", "A-001", "A-004"]

    def test_stands_behind_the_next_patient_at_least(self, issue):
        line = [issue(at=minutes(number)) for number in (0, 30, 31)]

        self_service.take_more_time(ticket_id=line[0].pk, at=minutes(40))

        assert codes(line[0].service) == ["A-002", "A-001", "A-003"]

    def test_never_goes_past_the_present(self, line):
        self_service.take_more_time(ticket_id=line[0].pk, at=minutes(4))

        assert Ticket.objects.get(pk=line[0].pk).position == ordering.microseconds(minutes(4))
        assert not integrity.validate_queue_integrity(line[0].service_id).problems

    def test_frees_the_room_of_who_was_called(self, line, call, room):
        called = call(line[0], at=minutes(5))
        self_service.come(ticket_id=called.pk, at=minutes(5))

        self_service.take_more_time(ticket_id=called.pk, at=minutes(6))

        called.refresh_from_db()
        assert (called.status, called.room, called.called_at, called.coming_at) == (Status.WAITING, None, None, None)
        assert codes(called.service)[0] == "A-002"
        assert call(line[1], at=minutes(7)).room == room

    def test_keeps_a_line_of_one_in_order(self, issue):
        ticket = issue()

        self_service.take_more_time(ticket_id=ticket.pk, at=minutes(3))

        assert not integrity.validate_queue_integrity(ticket.service_id).problems
        assert codes(ticket.service) == ["A-001"]

    def test_stays_ahead_of_the_routine_when_urgent(self, issue):
        urgent = issue(priority="high")
        issue(priority="high", at=minutes(1)), issue(at=minutes(2))

        self_service.take_more_time(ticket_id=urgent.pk, at=minutes(3))

        assert codes(urgent.service) == ["A-002", "A-001", "A-003"]

    def test_is_given_once_also_after_a_call(self, line, call):
        self_service.take_more_time(ticket_id=line[0].pk, at=minutes(5))
        call(line[0])

        with pytest.raises(self_service.NotNow, match="once"):
            self_service.take_more_time(ticket_id=line[0].pk, at=minutes(6))

    def test_is_given_once_by_the_database_too(self, issue):
        ticket = issue()
        self_service.take_more_time(ticket_id=ticket.pk, at=NINE)

        with (
            pytest.raises(IntegrityError, match="had more time already"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE queueing_ticket SET more_time_at = more_time_at + interval '1 hour'")

    @pytest.mark.parametrize("status", [status for status in ALL if status not in (Status.WAITING, Status.CALLED)])
    def test_is_refused_to_who_neither_waits_nor_is_called(self, issue, at, room, status):
        ticket = at(issue(), status, room)

        with pytest.raises(self_service.NotNow, match="Only who waits or is called"):
            self_service.take_more_time(ticket_id=ticket.pk, at=NINE)


class TestLeaving:
    @pytest.mark.parametrize("status", [Status.WAITING, Status.HELD, Status.CALLED])
    def test_cancels_and_can_be_undone_at_the_old_position(self, line, at, room, status):
        ticket = at(line[1], status, room)

        self_service.leave(ticket_id=ticket.pk, at=minutes(10))
        left = Ticket.objects.get(pk=ticket.pk)
        self_service.come_back(ticket_id=ticket.pk, at=minutes(20))

        back = Ticket.objects.get(pk=ticket.pk)
        assert (left.status, left.ended_at) == (Status.CANCELLED, minutes(10))
        assert back.status == (Status.HELD if status == Status.HELD else Status.WAITING)
        assert back.position == line[1].position
        assert [event.verb for event in history.of(back)[:2]] == ["ticket.undone", "ticket.cancelled"]
        assert not integrity.validate_queue_integrity(back.service_id).problems

    @pytest.mark.parametrize("status", [Status.SERVING, Status.COMPLETED, Status.MISSED, Status.CANCELLED])
    def test_is_refused_when_it_is_too_late(self, issue, at, room, status):
        ticket = at(issue(), status, room)

        with pytest.raises(self_service.NotNow, match="can no longer be given back"):
            self_service.leave(ticket_id=ticket.pk, at=NINE)

    def test_is_not_undone_after_ten_minutes(self, issue):
        ticket = issue()
        self_service.leave(ticket_id=ticket.pk, at=NINE)

        with pytest.raises(self_service.NotNow, match="go to the desk"):
            self_service.come_back(ticket_id=ticket.pk, at=minutes(10) + timedelta(seconds=1))

    def test_by_the_desk_is_not_undone_by_the_patient(self, issue, sofia):
        ticket = issue()
        tickets.cancel(ticket_id=ticket.pk, actor=sofia, at=NINE)

        with pytest.raises(self_service.NotNow, match="go to the desk"):
            self_service.come_back(ticket_id=ticket.pk, at=NINE)

    def test_is_not_undone_when_the_patient_waits_with_another_ticket(self, issue, make_patient):
        patient = make_patient()
        ticket = issue(patient=patient)
        self_service.leave(ticket_id=ticket.pk, at=NINE)
        issue(patient=patient)

        with pytest.raises(AlreadyWaiting):
            self_service.come_back(ticket_id=ticket.pk, at=minutes(1))


class TestAKey:
    def test_makes_a_repetition_harmless_even_after_other_changes(self, issue):
        ticket = issue()
        self_service.leave(ticket_id=ticket.pk, key="k-leave", at=NINE)
        self_service.come_back(ticket_id=ticket.pk, key="k-undo", at=NINE)

        self_service.leave(ticket_id=ticket.pk, key="k-leave", at=NINE)

        assert Ticket.objects.get().status == Status.WAITING

    def test_of_something_else_is_refused(self, issue):
        ticket = issue()
        self_service.leave(ticket_id=ticket.pk, key="k", at=NINE)

        with pytest.raises(refusals.KeyReused):
            self_service.come_back(ticket_id=ticket.pk, key="k", at=NINE)


class TestFinding:
    def test_ends_two_hours_after_the_end(self, issue, sofia):
        ticket = issue()
        assert self_service.find(ticket.token, NINE + timedelta(days=3)) == ticket
        tickets.cancel(ticket_id=ticket.pk, actor=sofia, at=NINE)

        assert self_service.find(ticket.token, NINE + timedelta(hours=2)) == ticket
        assert self_service.find(ticket.token, NINE + timedelta(hours=2, seconds=1)) is None

    @pytest.mark.parametrize("token", ["", "x", "x" * 22, "x" * 23, "\0" * 22, "ü" * 22])
    def test_knows_no_other_token(self, issue, token):
        issue()

        assert self_service.find(token, NINE) is None
