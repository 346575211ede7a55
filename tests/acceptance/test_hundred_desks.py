"""A hundred desks press *call next* at one moment: nobody is called twice, and whoever gets nobody is told so."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
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


@pytest.fixture
def desks(environment, tmp_path, make_user, make_room, service):
    """Room -> whoever calls to it."""
    with running.web(environment, tmp_path / "web.log") as (_, site):
        yield {
            make_room(service): running.Person(make_user(f"desk-{number}", "Receptionist"), site)
            for number in range(DESKS)
        }


def press(desks):
    """Room -> answer."""
    together = Barrier(len(desks))

    def press_one(room, person):
        together.wait()
        return room, person.call_next(room)

    with ThreadPoolExecutor(len(desks)) as crowd:
        return dict(crowd.map(press_one, desks, desks.values()))


def test_a_hundred_with_five_waiting(desks, sofia, service):
    for _ in range(5):
        tickets.issue(service_id=service.pk, actor=sofia, at=timezone.now())

    answers = press(desks)

    called = {room for room, answer in answers.items() if running.done(answer)}
    assert {ticket.room for ticket in Ticket.objects.in_room()} == called
    assert len(called) == 5
    for room, answer in answers.items():
        if room not in called:
            assert (answer.status_code, answer.headers.get("X-Refusal")) == (409, "nobody_waiting")
            assert f"Nobody is waiting for {room}." in answer.text


def test_a_hundred_with_three_hundred_waiting(desks, sofia, service):
    issued = [tickets.issue(service_id=service.pk, actor=sofia, at=timezone.now()).code for _ in range(300)]
    connections.close_all()

    answers = press(desks)

    assert Counter(map(running.done, answers.values())) == {True: DESKS}
    called = Ticket.objects.in_room()
    assert {ticket.room for ticket in called} == set(desks)
    assert sorted(ticket.code for ticket in called) == issued[:DESKS]
