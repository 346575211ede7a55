"""One press that is sent twenty times, and presses of people who saw the same and came at once."""

from __future__ import annotations

from functools import partial

import pytest

from queueing import acting, history, refusals, tickets, undoing
from queueing.models import Event, Ticket
from tests.conftest import NINE

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

TWENTY = 20
#: What leads to where the verb starts from, the verb, and what it needs besides.
PRESSES = [
    ([], "call", {}),
    (["call"], "recall", {}),
    (["call"], "start", {}),
    (["call"], "miss", {}),
    (["call", "start"], "complete", {"outcome": "seen"}),
    ([], "cancel", {}),
    ([], "hold", {}),
    (["hold"], "release", {}),
    (["call"], "put_back", {}),
    ([], "transfer", {}),
    ([], "prioritise", {"priority": "high"}),
    ([], "move", {"place": 1, "reason": "faint"}),
    (["call", "complete"], "reopen", {"reason": "came back"}),
]


def events(ticket):
    return Event.objects.filter(model="queueing.ticket", object_id=ticket.pk).exclude(verb=history.RENUMBERED)


@pytest.fixture
def press(room, make_service, act):
    """A verb with all that it needs, ready to be called."""
    nurse = make_service(name="Nurse")
    further = {"call": {"room_id": room.pk}, "transfer": {"service_id": nurse.pk}, "complete": {"outcome": "seen"}}

    def press(ticket, verb, **needs):
        return partial(getattr(tickets, verb), ticket_id=ticket.pk, **{**act, **further.get(verb, {}), **needs})

    return press


class TestOnePressSentTwentyTimes:
    @pytest.mark.parametrize(("before", "verb", "needs"), PRESSES)
    def test_happens_once_and_is_answered_twenty_times(self, before, verb, needs, at_once, issue, press):
        issue()
        ticket = issue()
        for earlier in before:
            press(ticket, earlier)()
        left = events(ticket).count()

        answers = at_once(*[press(ticket, verb, key="k", version=history.latest(ticket).pk, **needs)] * TWENTY)

        assert [answer.pk for answer in answers] == [ticket.pk] * TWENTY
        assert events(ticket).count() == left + 1

    def test_takes_back_once(self, at_once, issue, press, act):
        held = press(issue(), "hold")()
        undo = partial(undoing.undo, event_id=history.latest(held).pk, key="k", **act)

        assert [answer.pk for answer in at_once(*[undo] * TWENTY)] == [held.pk] * TWENTY
        assert events(held).filter(verb="ticket.undone").count() == 1


class TestPeopleWhoSawTheSame:
    @pytest.fixture
    def two_desks(self, at_once, issue, press):
        """Both may be done to a waiting ticket one after the other; but not to the one that both saw."""
        ticket = issue()
        seen = {"version": history.latest(ticket).pk}
        both = press(ticket, "prioritise", priority="high", **seen), press(ticket, "hold", **seen)
        return ticket, lambda: at_once(*both)

    def test_one_wins_and_the_other_is_told(self, two_desks, meet):
        meet(acting, "expect")
        ticket, press_both = two_desks

        answers = press_both()

        assert sum(isinstance(answer, refusals.TicketError) for answer in answers) == 1
        assert events(ticket).count() == 2

    def test_nobody_is_told_without_the_lock(self, two_desks, meet, without_the_lock):
        """If this fails, the test above proves nothing: both win, or PostgreSQL breaks one off as a deadlock."""
        meet(acting, "expect")
        _, press_both = two_desks

        assert not [answer for answer in press_both() if isinstance(answer, refusals.TicketError)]


class TestTwoUndosAtOnce:
    @pytest.fixture
    def undo(self, issue, press, act):
        held = press(issue(), "hold")()
        return partial(undoing.undo, event_id=history.latest(held).pk, **act)

    def test_take_back_once(self, undo, at_once):
        answers = at_once(undo, undo)

        assert sorted(map(type, answers), key=str) == [Ticket, refusals.StaleVersion]
        assert Event.objects.filter(verb="ticket.undone").count() == 1

    def test_take_back_twice_without_the_lock(self, undo, at_once, meet, without_the_lock):
        """If this fails, the test above proves nothing."""
        meet(undoing, "_expect_undoable")

        at_once(undo, undo)

        assert Event.objects.filter(verb="ticket.undone").count() == 2


def test_the_time_of_a_press_is_the_first_ones(issue, press):
    ticket = issue()
    first = press(ticket, "call", key="k")()

    assert press(ticket, "call", key="k", at=NINE.replace(hour=11))().called_at == first.called_at
