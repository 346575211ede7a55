"""Undo: the row is what it was, and history says that it was taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queueing import history, integrity, refusals, self_service, tickets, undoing
from queueing.models import Event, Ticket
from tests.conftest import NINE, codes

TEN = NINE + timedelta(hours=1)
Status = Ticket.Status

#: verb -> (what it needs besides, a state that it starts from)
VERBS = [
    ("start", {}, Status.CALLED),
    ("miss", {}, Status.CALLED),
    ("cancel", {}, Status.WAITING),
    ("cancel", {}, Status.HELD),
    ("cancel", {}, Status.CALLED),
    ("hold", {"reason": "at X-ray"}, Status.WAITING),
    ("release", {}, Status.HELD),
    ("put_back", {}, Status.CALLED),
    ("put_back", {}, Status.SERVING),
    ("put_back", {"at_end": True}, Status.MISSED),
    ("prioritise", {"priority": "high"}, Status.WAITING),
    ("move", {"place": 1, "reason": "faint"}, Status.WAITING),
    ("call", {}, Status.WAITING),
    ("call", {}, Status.HELD),
    ("transfer", {"at_end": True}, Status.WAITING),
    ("transfer", {}, Status.HELD),
    ("transfer", {}, Status.CALLED),
    ("transfer", {}, Status.SERVING),
]


def row(ticket):
    """Every column but the number of calls, which never goes back."""
    return {
        name: value for name, value in Ticket.objects.filter(pk=ticket.pk).values()[0].items() if name != "call_count"
    }


def last(ticket):
    return history.latest(ticket).pk


@pytest.fixture
def take_back(sofia):
    def undo(ticket, **kwargs):
        return undoing.undo(**{"event_id": last(ticket), "actor": sofia, "at": TEN, **kwargs})

    return undo


class TestUndo:
    @pytest.mark.parametrize(("verb", "needs", "start"), VERBS)
    def test_gives_back_the_row_as_it_was(
        self, verb, needs, start, issue, room, at, sofia, make_service, service, take_back
    ):
        issue()
        ticket = at(issue(patient=None), start, room)
        issue()
        needs = {**needs, **({"room_id": room.pk} if verb == "call" else {})}
        needs = {**needs, **({"service_id": make_service().pk} if verb == "transfer" else {})}
        before, line = row(ticket), codes(service)
        getattr(tickets, verb)(ticket_id=ticket.pk, actor=sofia, at=TEN, **needs)
        assert row(ticket) != before

        undone = take_back(ticket)

        assert row(ticket) == before
        assert codes(service) == line
        assert (undone.pk, undone.status) == (ticket.pk, start)
        assert [e.verb for e in history.of(ticket)][0] == "ticket.undone"
        assert integrity.validate_queue_integrity(service.pk).problems == []

    def test_of_issue_cancels(self, issue, take_back, service):
        ticket = issue(at=TEN)

        take_back(ticket)

        assert row(ticket)["status"] == "cancelled"
        assert codes(service) == []

    def test_never_gives_the_number_of_a_call_again(self, issue, room, sofia, take_back):
        ticket = issue()
        tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=TEN)

        assert take_back(ticket).call_count == 1

    def test_takes_the_next_free_position_when_the_old_one_is_taken(
        self, issue, room, sofia, take_back, make_service, service
    ):
        ticket = issue()
        other = issue(service_id=make_service().pk)
        tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=TEN)
        tickets.transfer(ticket_id=other.pk, service_id=service.pk, actor=sofia, at=TEN)

        assert take_back(ticket).position == ticket.position + 1

    @pytest.mark.parametrize(("open_", "what"), [("service", "hold"), ("room", "miss")])
    def test_does_not_mind_that_a_service_or_a_room_is_closed(
        self, open_, what, issue, room, at, sofia, service, take_back
    ):
        start = Status.WAITING if what == "hold" else Status.CALLED
        ticket = at(issue(), start, room)
        getattr(tickets, what)(ticket_id=ticket.pk, actor=sofia, at=TEN)
        closing = service if open_ == "service" else room
        closing.is_open = False
        closing.save()

        assert take_back(ticket).status == start

    def test_gives_both_boards_of_a_transfer_a_new_version(self, issue, make_service, service, sofia, take_back):
        nurse, ticket = make_service(), issue()
        tickets.transfer(ticket_id=ticket.pk, service_id=nurse.pk, actor=sofia, at=TEN)
        before = [s.line.version for s in (service, nurse)]

        take_back(ticket)

        for s in (service, nurse):
            s.line.refresh_from_db()
        assert [s.line.version for s in (service, nurse)] > before
        assert codes(service) == ["A-001"]
        assert codes(nurse) == []

    def test_happens_once_for_one_key(self, issue, sofia, take_back):
        ticket = tickets.hold(ticket_id=issue().pk, actor=sofia, at=TEN)
        event_id = last(ticket)

        pair = [take_back(ticket, event_id=event_id, key="k").pk for _ in range(2)]

        assert pair == [ticket.pk] * 2
        assert Event.objects.filter(verb="ticket.undone").count() == 1


class TestUndoRefuses:
    def test_what_something_has_happened_to_since(self, issue, sofia, take_back):
        ticket = tickets.hold(ticket_id=issue().pk, actor=sofia, at=TEN)
        event_id = last(ticket)
        tickets.cancel(ticket_id=ticket.pk, actor=sofia, at=TEN)

        with pytest.raises(refusals.StaleVersion, match=r"sofia cancelled A-001 at 10:00\. Nothing was changed"):
            take_back(ticket, event_id=event_id)

        assert row(ticket)["status"] == "cancelled"

    def test_what_is_ten_minutes_old(self, issue, sofia, take_back):
        ticket = tickets.hold(ticket_id=issue().pk, actor=sofia, at=TEN)

        with pytest.raises(refusals.TooLate, match="more than 10 minutes ago"):
            take_back(ticket, at=TEN + timedelta(minutes=10, seconds=1))
        assert take_back(ticket, at=TEN + timedelta(minutes=10)).status == Status.WAITING

    def test_to_fill_a_room_twice(self, issue, room, at, sofia, take_back):
        ticket = at(issue(), Status.MISSED, room)
        at(issue(), Status.CALLED, room)

        with pytest.raises(refusals.RoomBusy, match="Room 1 is busy with A-002"):
            take_back(ticket, at=NINE)

    def test_to_let_a_patient_wait_twice(self, issue, make_patient, sofia, take_back):
        patient = make_patient()
        ticket = tickets.cancel(ticket_id=issue(patient=patient).pk, actor=sofia, at=TEN)
        issue(patient=patient)

        with pytest.raises(refusals.AlreadyWaiting):
            take_back(ticket)

    @pytest.mark.parametrize(
        ("verb", "needs", "start"),
        [
            ("recall", {}, Status.CALLED),
            ("complete", {"outcome": "seen"}, Status.SERVING),
            ("reopen", {"reason": "came back"}, Status.COMPLETED),
        ],
    )
    def test_what_was_heard_and_what_is_the_admins(self, verb, needs, start, issue, room, at, sofia, take_back):
        ticket = at(issue(), start, room)
        getattr(tickets, verb)(ticket_id=ticket.pk, actor=sofia, at=TEN, **needs)

        with pytest.raises(refusals.NotUndoable):
            take_back(ticket)

    def test_to_take_itself_back(self, issue, sofia, take_back):
        ticket = tickets.hold(ticket_id=issue().pk, actor=sofia, at=TEN)
        take_back(ticket)

        with pytest.raises(refusals.NotUndoable):
            take_back(ticket)

    @pytest.mark.parametrize(
        ("verb", "start", "group"), [("hold", "waiting", "Auditor"), ("start", "called", "Auditor")]
    )
    def test_who_may_not_do_it_either(self, verb, start, group, issue, room, at, sofia, make_user, take_back):
        ticket = at(issue(), start, room)
        getattr(tickets, verb)(ticket_id=ticket.pk, actor=sofia, at=TEN)

        with pytest.raises(refusals.NotAllowed):
            take_back(ticket, actor=make_user("nobody", group))

    def test_an_event_of_another_row(self, service, take_back, issue):
        added = Event.objects.get(model="queueing.service", object_id=service.pk)

        with pytest.raises(Event.DoesNotExist):
            take_back(issue(), event_id=added.pk)

    def test_nothing_for_a_line_that_was_spread(self, issue, sofia, service, take_back):
        """Nobody has done anything to the ticket since."""
        issued = [issue() for _ in range(6)]
        held = tickets.hold(ticket_id=issue().pk, actor=sofia, at=NINE)
        tickets.prioritise(ticket_id=issued[2].pk, priority="high", actor=sofia, at=NINE)
        tickets.prioritise(ticket_id=issued[2].pk, priority="low", actor=sofia, at=NINE)
        tickets.move(ticket_id=issued[5].pk, place=4, reason="faint", actor=sofia, at=NINE)
        assert history.of(issued[4])[0].verb == "ticket.renumbered"

        assert take_back(issued[4], at=NINE).status == Status.CANCELLED
        assert take_back(held, at=NINE).status == Status.WAITING


class TestAnsweredCalls:
    @pytest.fixture
    def answered(self, issue, room, sofia):
        ticket = tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=TEN)
        event_id = last(ticket)
        return self_service.come(ticket_id=ticket.pk, at=TEN), event_id

    def test_are_taken_back_too_and_the_answer_goes_with_them(self, answered, take_back):
        ticket, event_id = answered

        undone = take_back(ticket, event_id=event_id)

        assert (undone.status, undone.coming_at) == (Status.WAITING, None)

    def test_come_back_with_their_answer(self, answered, sofia, take_back):
        ticket, _ = answered
        before = row(ticket)
        tickets.put_back(ticket_id=ticket.pk, actor=sofia, at=TEN)

        take_back(ticket)

        assert row(ticket) == before

    def test_that_were_put_off_by_the_patient_can_be_taken_back(self, issue, room, sofia, take_back):
        ticket = tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=TEN)
        before = row(ticket)
        self_service.take_more_time(ticket_id=ticket.pk, at=TEN)

        take_back(ticket)

        assert row(ticket) == before
