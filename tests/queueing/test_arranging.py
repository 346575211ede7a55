"""Verbs that change where a ticket stands: back in line, to another service, priority or place, open again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queueing import history, ordering, refusals, tickets
from queueing.models import Service, Ticket
from tests.conftest import NINE, codes

TEN = NINE + timedelta(hours=1)
Status = Ticket.Status


class TestBackInLine:
    def test_put_back_keeps_the_place(self, issue, room, service, sofia):
        first = issue()
        issue()
        tickets.call_next(room_id=room.pk, actor=sofia, at=TEN)

        tickets.put_back(ticket_id=first.pk, actor=sofia, at=TEN)

        assert codes(service) == ["A-001", "A-002"]

    def test_put_back_at_the_end_stands_behind_everybody_and_before_who_comes_later(self, issue, room, service, sofia):
        first = issue(priority="high")
        issue()
        tickets.call_next(room_id=room.pk, actor=sofia, at=NINE)

        tickets.put_back(ticket_id=first.pk, at_end=True, actor=sofia, at=TEN)

        issue(at=TEN)
        assert codes(service) == ["A-002", "A-001", "A-003"]

    def test_release_keeps_the_place(self, issue, service, sofia):
        held = tickets.hold(ticket_id=issue().pk, actor=sofia, at=NINE)
        issue()

        tickets.release(ticket_id=held.pk, actor=sofia, at=TEN)

        assert codes(service) == ["A-001", "A-002"]

    def test_release_takes_the_next_free_position_when_its_own_is_taken(self, issue, make_service, service, sofia):
        held = tickets.hold(ticket_id=issue().pk, actor=sofia, at=NINE)
        other = issue(service_id=make_service().pk)
        tickets.transfer(ticket_id=other.pk, service_id=service.pk, actor=sofia, at=NINE)
        assert other.position == held.position

        assert tickets.release(ticket_id=held.pk, actor=sofia, at=TEN).position == held.position + 1

    def test_transfer_keeps_code_and_waiting_time(self, issue, make_service, sofia):
        nurse = make_service(prefix="B")
        early = issue()
        issue(service_id=nurse.pk, at=TEN)

        moved = tickets.transfer(ticket_id=early.pk, service_id=nurse.pk, actor=sofia, at=TEN)

        assert (moved.code, moved.position) == ("A-001", early.position)
        assert codes(nurse) == ["A-001", "B-001"]

    def test_transfer_bumps_both_boards(self, issue, make_service, service, sofia):
        nurse = make_service(prefix="B")
        ticket = issue()
        before = [s.line.version for s in Service.objects.select_related("line").order_by("pk")]

        tickets.transfer(ticket_id=ticket.pk, service_id=nurse.pk, actor=sofia, at=TEN)

        after = [s.line.version for s in Service.objects.select_related("line").order_by("pk")]
        assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1]

    def test_transfer_to_its_own_or_a_closed_service_is_refused(self, issue, make_service, service, sofia):
        ticket, closed = issue(), make_service(is_open=False)

        with pytest.raises(refusals.WrongState, match="with General practice already"):
            tickets.transfer(ticket_id=ticket.pk, service_id=service.pk, actor=sofia, at=TEN)
        with pytest.raises(refusals.ServiceClosed):
            tickets.transfer(ticket_id=ticket.pk, service_id=closed.pk, actor=sofia, at=TEN)

    def test_transfer_refuses_who_may_not(self, issue, make_service, ada):
        with pytest.raises(refusals.NotAllowed):
            tickets.transfer(ticket_id=issue().pk, service_id=make_service().pk, actor=ada, at=TEN)


class TestPrioritise:
    def test_goes_by_its_own_arrival(self, issue, service, sofia):
        first, second = issue(priority="high"), issue(priority="high")
        third = tickets.prioritise(ticket_id=issue().pk, priority="high", actor=sofia, at=TEN)

        assert codes(service) == [first.code, second.code, third.code]

    def test_and_back_gives_the_old_position(self, issue, sofia):
        ticket = issue()

        tickets.prioritise(ticket_id=ticket.pk, priority="high", actor=sofia, at=TEN)

        assert tickets.prioritise(ticket_id=ticket.pk, priority="low", actor=sofia, at=TEN).position == ticket.position


class TestMove:
    @pytest.mark.parametrize("place", [1, 2, 3, 4])
    def test_stands_at_that_place(self, place, issue, service, sofia):
        issued = [issue() for _ in range(4)]

        tickets.move(ticket_id=issued[1].pk, place=place, reason="faint", actor=sofia, at=TEN)

        assert codes(service).index("A-002") + 1 == place

    @pytest.mark.parametrize("place", [-1, 0, 3])
    def test_refuses_a_place_that_the_line_does_not_have(self, place, issue, sofia):
        issue()

        with pytest.raises(refusals.NoSuchPlace):
            tickets.move(ticket_id=issue().pk, place=place, reason="faint", actor=sofia, at=TEN)

    def test_needs_a_reason(self, issue, sofia):
        with pytest.raises(refusals.ReasonNeeded):
            tickets.move(ticket_id=issue().pk, place=1, reason=" ", actor=sofia, at=TEN)

    def test_makes_room_when_no_microsecond_is_left_between_two(self, issue, service, sofia):
        issued = [issue() for _ in range(6)]  # one microsecond apart

        tickets.move(ticket_id=issued[5].pk, place=3, reason="faint", actor=sofia, at=NINE)

        assert codes(service) == ["A-001", "A-002", "A-006", "A-003", "A-004", "A-005"]
        assert "ticket.renumbered" in {e.verb for e in history.of(issued[2])}
        newcomer = issue()
        assert codes(service)[-1] == newcomer.code

    def test_stands_before_who_comes_later_even_at_the_end(self, issue, service, sofia):
        first, _ = issue(), issue()

        tickets.move(ticket_id=first.pk, place=2, reason="asked", actor=sofia, at=NINE)
        issue()

        assert codes(service) == ["A-002", "A-001", "A-003"]


class TestReopen:
    def test_refuses_when_somebody_else_is_in_the_room(self, issue, room, at, sofia):
        first = at(issue(), Status.COMPLETED, room)
        at(issue(), Status.CALLED, room)

        with pytest.raises(refusals.RoomBusy):
            tickets.reopen(ticket_id=first.pk, reason="came back", actor=sofia, at=TEN)


class TestRenumber:
    def test_keeps_order_and_never_passes_the_present(self, issue, service, django_assert_num_queries):
        for _ in range(20):
            issue()
        before = list(Ticket.objects.waiting().in_line())
        (line,) = ordering.lock(service.pk)

        with django_assert_num_queries(5):  # read, two writes, events, version
            ordering.renumber(line)

        after = list(Ticket.objects.waiting().in_line())
        assert [t.pk for t in after] == [t.pk for t in before]
        assert after[-1].position == before[-1].position
        assert all(b.position - a.position >= ordering.STEP for a, b in zip(after, after[1:], strict=False))
