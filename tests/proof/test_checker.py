"""A sound day passes; of every kind of lie the checker says what is wrong, and shows who shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.proof.checker import check
from tests.proof.journal import FAIL, INVOKE, OK, UNKNOWN, Entry
from tests.proof.liar import MILLISECOND, Told, expect, refused
from tests.proof.made import WORLD, Day


@pytest.fixture
def day():
    """Two wait for service 1, which rooms 1 and 3 serve; nobody waits for 2, which room 2 serves."""
    day = Told()
    day.first = day.do("issue", service=1, priority="low")
    day.second = day.do("issue", service=1, priority="low")
    return day


class TestTruth:
    def test_of_a_short_day(self, day):
        day.do("call_next", room=1)
        day.do("start", ticket=1)
        day.do("complete", ticket=1, outcome="seen")
        day.do("transfer", ticket=2, service=2)
        assert day.problems() == []

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_of_many_at_once_who_are_refused_and_killed_and_ask_again(self, seed):
        day = Day(seed).live(1500)
        assert {entry.type for entry in day.journal} == {INVOKE, OK, FAIL, UNKNOWN}
        assert [str(problem) for problem in check(day.journal, day.events, day.rows, WORLD)] == []


class TestLieOfHistory:
    def test_a_ticket_called_twice(self, day):
        called = day.do("call_next", room=1)
        again = day.again(called, key="other")
        expect(day, "already_called", called, again)

    def test_somebody_called_to_a_room_that_is_busy(self, day):
        called = day.do("call_next", room=1)
        call = {"status": ["waiting", "called"], "room_id": [None, 1], "call_count": [0, 1]}
        other = day.again(called, key="other", object_id=2, changes={**called["changes"], **call})
        expect(day, "room_busy", called, other)

    def test_somebody_reopened_in_a_room_that_is_busy(self, day):
        day.do("call_next", room=1)
        completed = day.do("complete", ticket=1, outcome="seen")
        other = day.do("call_next", room=1)
        back = {name: pair[::-1] for name, pair in completed["changes"].items()}
        reopened = day.again(completed, verb="ticket.reopened", key=None, reason="came back", changes=back)
        expect(day, "room_busy", reopened)
        assert other["object_id"] == 2

    def test_the_second_in_line_called_next(self, day):
        called = day.do("call", ticket=2, room=1)
        day.told_as(verb="call_next", given={"room": 1})
        expect(day, "ticket 2 was called next to room 1, and ticket 1 was next", day.first, called)

    def test_a_step_that_history_does_not_have(self, day):
        day.do("call_next", room=1)
        started = day.do("start", ticket=1)
        back = day.do("put_back", ticket=1)
        day.forget(started)
        expect(day, "status is ['serving', 'waiting'], and must be ['called', 'waiting']", back)

    def test_a_step_that_leads_nowhere(self, day):
        held = day.do("hold", ticket=1)
        held["verb"], held["key"] = "ticket.released", None
        expect(day, "it had to be refused: already_waiting", held)

    def test_a_code_given_twice(self, day):
        day.second["changes"]["code"] = [None, "A-001"]
        expect(day, "code is [None, 'A-001'], and must be [None, 'A-002']", day.second)

    def test_a_position_that_is_not_by_the_rule(self, day):
        urgent = day.do("issue", service=1, priority="high")
        urgent["changes"]["position"][1] -= 1
        expect(day, "position is", urgent)

    def test_an_urgent_ticket_behind_the_others(self, day):
        urgent = day.do("issue", service=1, priority="high")
        urgent["changes"]["position"] = [None, day.second["changes"]["position"][1] + 1]
        expect(day, "position is", urgent)

    def test_a_move_past_its_neighbours(self, day):
        moved = day.do("move", ticket=2, place=1, reason="faint")
        moved["changes"]["position"][1] = day.first["changes"]["position"][1] + 1
        expect(day, "position is", moved)

    def test_a_line_spread_in_another_order(self, day):
        now = day.state.tickets[1]["position"]
        day.again(day.first, verb="ticket.renumbered", key=None, changes={"position": [now, now + 10**9]})
        expect(day, "it does not spread the line evenly and in its order", day.events[-1])

    def test_an_event_of_another_service(self, day):
        held = day.do("hold", ticket=1)
        held["service_id"] = 2
        expect(day, "it is of service 2", held)

    def test_a_place_lost_by_being_sent_on(self, day):
        sent = day.do("transfer", ticket=1, service=2, at_end=False)
        sent["changes"]["position"] = [day.first["changes"]["position"][1], 10**16]
        expect(day, "position is", sent)

    def test_an_undo_that_gives_something_else_back(self, day):
        day.do("call_next", room=1)
        undone = day.do("undo", ticket=1)
        undone["changes"]["status"][1] = "held"
        expect(day, "status is ['called', 'held'], and must be ['called', 'waiting']", undone)

    def test_a_completion_without_a_person(self, day):
        day.do("call_next", room=1)
        completed = day.do("complete", ticket=1, outcome="seen")
        completed["actor"] = ""
        expect(day, "needs_a_person", completed)

    def test_a_completion_by_another_verb(self, day):
        day.do("call_next", room=1)
        missed = day.do("miss", ticket=1)
        missed["changes"]["status"][1] = "completed"
        expect(day, "status is ['called', 'completed'], and must be ['called', 'missed']", missed)

    def test_a_call_to_a_paused_room(self, day):
        day.again(day.first, model="queueing.room", object_id=1, verb="room.paused", key=None, changes={})
        called = day.do("call_next", room=1)
        expect(day, "it had to be refused: room_closed", called)


class TestSpreadLine:
    """Tickets 3 and 4 are a microsecond apart, and ticket 1 has been moved between them."""

    @pytest.fixture
    def moved(self, day):
        day.do("issue", service=1, priority="low")
        day.t -= 2 * MILLISECOND
        day.do("issue", service=1, priority="low")
        moved = day.do("move", ticket=1, place=3, reason="faint")
        assert [event["verb"] for event in day.events[4:]] == ["ticket.renumbered"] * 2 + ["ticket.moved"]
        return moved

    def test_is_sound(self, day, moved):
        assert day.problems() == []

    def test_that_history_does_not_have(self, day, moved):
        del day.events[4:6]
        expect(day, "the line had to be spread first", moved)

    def test_of_which_history_has_a_part(self, day, moved):
        day.forget(day.events[5])
        expect(day, "1 tickets were to be spread before it, and were not", moved)

    def test_that_ends_in_the_middle(self, day, moved):
        del day.events[5:]
        expect(day, "the line of service 1 was spread but for tickets")


class TestLieToAClient:
    def test_an_acknowledged_ticket_is_lost(self, day):
        lost = day.do("issue", service=2, priority="low")
        day.forget(lost)
        expect(day, "operation 3 was acknowledged, and is lost", day.end_of(lost))

    def test_another_ticket(self, day):
        day.told(day.second, OK, ticket=1)
        expect(day, "operation 2 was told of ticket 1", day.second, day.end_of(day.second))

    def test_another_verb_with_the_key(self, day):
        held = day.do("hold", ticket=1)
        day.told_as(verb="cancel")
        expect(day, "was to cancel, and its event 3 is ticket.held", held)

    def test_another_room(self, day):
        called = day.do("call_next", room=1)
        day.told_as(given={"room": 3})
        expect(day, "room_id is [None, 1], and must be [None, 3]", called)

    def test_a_refusal_that_happened(self, day):
        day.told(day.second, FAIL, code="service_closed", status=409)
        expect(day, "operation 2 was refused, and has happened", day.second, day.end_of(day.second))

    def test_an_unknown_that_happened_twice(self, day):
        day.told(day.second, UNKNOWN)
        twice = day.again(day.second, object_id=3)
        expect(day, "operation 2 happened 2 times", day.second, twice)

    def test_a_press_sent_again_and_refused(self, day):
        about = {"op": 9, "proc": 0, "verb": "issue", "key": day.second["key"], "given": day.end_of(day.second).given}
        out = {"code": "service_closed", "status": 409}
        day.journal += [Entry(t=10**9, type=INVOKE, **about), Entry(t=10**9 + 1, type=FAIL, out=out, **about)]
        expect(day, "operation 9 was done before with its key, and is refused", day.second)

    def test_nobody_waiting_while_somebody_waited(self, day):
        refused(day, "call_next", "nobody_waiting", room=1)
        expect(day, "at no moment meanwhile was it so: empty 1", day.second)

    def test_nobody_waiting_before_that_was_so(self, day):
        refused(day, "call_next", "nobody_waiting", room=1)
        day.t += MILLISECOND
        day.do("call", ticket=2, room=1)
        emptied = day.do("call_next", room=3)
        expect(day, "at no moment meanwhile was it so: empty 1", emptied)

    def test_room_busy_while_it_was_not(self, day):
        refused(day, "call_next", "room_busy", room=3)
        expect(day, "at no moment meanwhile was it so: busy 3")

    def test_already_held_while_it_was_not(self, day):
        refused(day, "hold", "already_held", ticket=1)
        expect(day, "at no moment meanwhile was it so: status 1 held", day.first)

    def test_a_priority_that_it_never_had(self, day):
        """One that it has already leaves no event."""
        day.do("prioritise", ticket=1, priority="low")
        assert day.problems() == []
        day.told_as(given={"ticket": 1, "priority": "high"})
        expect(day, "at no moment meanwhile was it so: priority 1 high")

    def test_turned_round_in_time(self, day):
        """The second was asked for after the first was given out."""
        early, late = day.events.index(day.first), day.events.index(day.second)
        swapped = (
            {"id": 1, "object_id": 2, "key": day.second["key"]},
            {"id": 2, "object_id": 1, "key": day.first["key"]},
        )
        day.events[early], day.events[late] = day.first | swapped[0], day.second | swapped[1]
        expect(day, "operation 2 began after operation 1 had ended, and stands before it", *day.events)


class TestWithoutAKey:
    @pytest.fixture
    def completed(self, day):
        day.do("call_next", room=1)
        completed = day.do("complete", ticket=1, outcome="seen")
        completed["key"] = None
        day.told_as(key=None)
        return completed

    def test_sound(self, day, completed):
        assert day.problems() == []

    def test_lost(self, day, completed):
        day.forget(completed)
        expect(day, "operation 4 was acknowledged, and is lost", day.journal[-1])

    def test_refused_and_happened(self, day, completed):
        day.journal[-1] = replace(day.journal[-1], type=FAIL, out={"code": "reason_needed", "status": 409})
        expect(day, "operation 4 was refused, and has happened", completed)

    def test_whose_each_event_is_cannot_be_known(self, day, completed):
        """Another asked before, got no answer, and might have done one of the two."""
        day.do("reopen", ticket=1, reason="came back")
        again = day.do("complete", ticket=1, outcome="seen")
        again["key"] = None
        day.told_as(key=None)
        asked = replace(day.journal[0], op=9, verb="complete", key=None, given={"ticket": 1, "outcome": "seen"})
        day.journal.append(asked)
        assert day.problems() == []


class TestLieOfARow:
    def test_that_differs_from_its_events(self, day):
        rows = day.rows | {2: {**day.rows[2], "priority": "high"}}
        expect(day, "ticket 2 has priority high, and by history low", day.second, rows=rows)

    def test_that_is_not_there(self, day):
        expect(day, "ticket 2 has events and no row", day.second, rows={1: day.rows[1]})

    def test_that_has_no_history(self, day):
        rows = day.rows | {3: {**day.rows[2], "position": 1, "code": "A-003"}}
        expect(day, "ticket 3 has a row and no events", rows=rows)

    def test_that_shares_its_position(self, day):
        rows = day.rows | {2: {**day.rows[2], "position": day.rows[1]["position"]}}
        expect(day, "tickets 1 and 2 have one position", day.first, day.second, rows=rows)

    def test_that_shares_its_code(self, day):
        rows = day.rows | {2: {**day.rows[2], "code": "A-001"}}
        expect(day, "tickets 1 and 2 have one code", day.first, day.second, rows=rows)


class TestWhatWasAtTheSameTime:
    def test_nobody_waited_for_a_moment(self, day):
        """Asked before the first ticket was issued, answered after."""
        refused(day, "call_next", "nobody_waiting", begin=-1, room=1)
        assert day.problems() == []

    def test_either_order_is_right(self, day):
        begun = day.journal.index(next(entry for entry in day.journal if entry.op == 2))
        day.journal[begun] = replace(day.journal[begun], t=0)
        assert day.problems() == []
