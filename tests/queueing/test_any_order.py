"""Whatever people do, in whatever order: the line stays sound, and nothing but `complete` completes."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queueing import history, integrity, refusals, tickets, undoing
from queueing.models import Room, Service, Ticket
from tests.conftest import NINE, settle

NEEDS = {
    "recall": {},
    "start": {},
    "miss": {},
    "cancel": {},
    "hold": {},
    "release": {},
    "put_back": {"at_end": st.booleans()},
    "prioritise": {"priority": st.sampled_from(["high", "medium", "low"])},
    "move": {"place": st.integers(0, 5), "reason": st.just("faint")},
    "reopen": {"reason": st.just("came back")},
}
acts = st.one_of(
    st.tuples(st.just("issue"), st.fixed_dictionaries({"priority": st.sampled_from(["high", "medium", "low"])})),
    st.tuples(st.just("call_next"), st.just({})),
    *[st.tuples(st.just(verb), st.fixed_dictionaries(needs)) for verb, needs in NEEDS.items()],
    st.tuples(st.just("transfer"), st.fixed_dictionaries({"at_end": st.booleans()})),
    st.tuples(st.just("undo"), st.just({})),
)


class Undo(Exception):
    """Ends an example as it began."""


@pytest.fixture
def clinic(make_service, make_room, sofia):
    """Two services, and two rooms that serve both."""
    services = [make_service(prefix="A"), make_service(prefix="B", high_head_start_minutes=1)]
    make_room(*services), make_room(*services)
    return sofia


def do(verb, needs, number, actor):
    """One act on one of the rows that are there; a refusal is an answer like any other."""
    services, rooms, known = list(Service.objects.all()), list(Room.objects.all()), list(Ticket.objects.order_by("pk"))
    act = {"actor": actor, "at": NINE + timedelta(seconds=number % 7)}
    if verb in ("issue", "transfer"):
        act["service_id"] = services[number % 2].pk
    if verb == "call_next":
        act["room_id"] = rooms[number % 2].pk
    elif verb != "issue":
        if not known:
            return
        act["ticket_id"] = known[number % len(known)].pk
    if verb == "undo":
        act["event_id"] = history.latest(Ticket(pk=act.pop("ticket_id"))).pk
    with suppress(refusals.TicketError):
        getattr(undoing if verb == "undo" else tickets, verb)(**act, **needs)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(day=st.lists(st.tuples(acts, st.integers(0, 100)), min_size=5, max_size=30))
def test_the_line_stays_sound_and_nothing_completes(clinic, day):
    example = transaction.atomic()
    example._from_testcase = True  # a verb's own transaction may stand inside a test's
    with suppress(Undo), example:
        for (verb, needs), number in day:
            do(verb, needs, number, clinic)
        settle()

        assert not Ticket.objects.filter(status=Ticket.Status.COMPLETED).exists()
        assert not Ticket.objects.exclude(completed_by="").exists()
        for service in Service.objects.all():
            assert integrity.validate_queue_integrity(service.pk).problems == []
        raise Undo
