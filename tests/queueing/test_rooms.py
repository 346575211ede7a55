"""A room on a break calls nobody, and says why."""

from __future__ import annotations

import pytest

from queueing import board, history, rooms, tickets
from queueing.models import Room
from queueing.refusals import NotAllowed, ReasonNeeded, RoomClosed, RoomOpen
from tests.conftest import NINE


@pytest.fixture
def act(omar, room):
    return {"room_id": room.pk, "actor": omar, "at": NINE}


class TestPause:
    def test_calls_nobody_meanwhile(self, act, issue, service):
        issue()
        rooms.pause(reason="lunch", **act)

        with pytest.raises(RoomClosed):
            tickets.call_next(**act)
        assert board.board(service.pk, NINE)["open_rooms"] == 0

    def test_is_recorded_with_who_and_why(self, act, room):
        rooms.pause(reason=" lunch ", **act)

        event = history.of(room)[0]
        assert (event.verb, event.actor, event.reason) == ("room.paused", "omar", "lunch")
        assert event.changes == {"is_open": [True, False], "closed_because": ["", "lunch"]}

    def test_leaves_whoever_is_in_it(self, act, issue, omar):
        ticket = issue()
        called = tickets.call_next(**act)

        rooms.pause(reason="lunch", **act)

        assert tickets.start(ticket_id=ticket.pk, actor=omar, at=NINE).room == called.room

    def test_tells_the_screens(self, act, service):
        before = board.versions()[service.pk]
        rooms.pause(reason="lunch", **act)
        assert board.versions()[service.pk] == before + 1

    @pytest.mark.parametrize("reason", ["", "  "])
    def test_needs_a_reason(self, act, reason):
        with pytest.raises(ReasonNeeded):
            rooms.pause(reason=reason, **act)
        assert Room.objects.get().is_open

    def test_happens_once(self, act):
        rooms.pause(reason="lunch", **act)
        with pytest.raises(RoomClosed, match="closed already"):
            rooms.pause(reason="cleaning", **act)
        assert Room.objects.get().closed_because == "lunch"

    def test_is_not_for_everybody(self, act, ada):
        with pytest.raises(NotAllowed):
            rooms.pause(reason="lunch", **{**act, "actor": ada})


class TestResume:
    def test_calls_again_and_forgets_why(self, act, issue):
        issue()
        rooms.pause(reason="lunch", **act)

        room = rooms.resume(**act)

        assert (room.is_open, room.closed_because) == (True, "")
        assert tickets.call_next(**act).room == room

    def test_happens_once(self, act):
        with pytest.raises(RoomOpen, match="open already"):
            rooms.resume(**act)
