"""A hundred desks press *call next* at one moment: nobody is called twice, and whoever gets nobody is told so."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest
from django.utils import timezone

from queueing import tickets
from queueing.models import Ticket
from tests.acceptance.faults import running
from tests.notifications.conftest import environment

__all__ = ["environment"]

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
DESKS = 100
#: Lines are read, not locked.
WITHOUT_LOCKS = "plant tests.proof.bugs.no_lock"


@pytest.fixture
def make_desks(environment, tmp_path, make_user, make_room, service):
    """Room -> whoever calls to it."""
    with ExitStack() as stack:

        def make(*faults):
            _, site = stack.enter_context(running.web(environment, tmp_path / "web.log", *faults))
            people = [make_user(f"desk-{number}", "Receptionist") for number in range(DESKS)]
            return {make_room(service): running.Person(user, site) for user in people}

        yield make


@pytest.fixture
def issue_many(sofia, service):
    """Codes in their order."""

    def issue(number):
        act = {"service_id": service.pk, "actor": sofia}
        return [tickets.issue(**act, at=timezone.now()).code for _ in range(number)]

    return issue


def press(desks):
    """Room -> answer."""
    together = Barrier(len(desks))

    def press_one(room, person):
        together.wait()
        return room, person.call_next(room)

    with ThreadPoolExecutor(len(desks)) as crowd:
        return dict(crowd.map(press_one, desks, desks.values()))


def check_all_called(answers, codes):
    assert Counter(map(running.done, answers.values())) == {True: DESKS}
    called = Ticket.objects.in_room()
    assert {ticket.room for ticket in called} == set(answers)
    assert sorted(ticket.code for ticket in called) == codes[:DESKS]


def test_a_hundred_with_five_waiting(make_desks, issue_many):
    issue_many(5)

    answers = press(make_desks())

    called = {room for room, answer in answers.items() if running.done(answer)}
    assert {ticket.room for ticket in Ticket.objects.in_room()} == called
    assert len(called) == 5
    for room, answer in answers.items():
        if room not in called:
            assert (answer.status_code, answer.headers.get("X-Refusal")) == (409, "nobody_waiting")
            assert f"Nobody is waiting for {room}." in answer.text


def test_a_hundred_with_three_hundred_waiting(make_desks, issue_many):
    codes = issue_many(300)

    check_all_called(press(make_desks()), codes)


def test_without_locks_some_get_the_same_or_none(make_desks, issue_many):
    """If this fails, the test above proves nothing."""
    codes = issue_many(DESKS)

    answers = press(make_desks(WITHOUT_LOCKS))

    with pytest.raises(AssertionError):
        check_all_called(answers, codes)
