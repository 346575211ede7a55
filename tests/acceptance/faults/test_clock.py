"""The clock of web and worker jumps: the order stays the order of arrival, and no wait is negative."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from notifications.models import AuditEntry
from queueing import board, tickets
from queueing.models import Ticket
from tests.acceptance.faults.invariants import check_everything
from tests.acceptance.faults.running import Person, done

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
DAY, FIVE_MINUTES = 86_400, 300
#: Seconds that the clock is off, one after the other.
JUMPS = [0, DAY, 0, -FIVE_MINUTES, 0]


@pytest.fixture
def clock(tmp_path):
    path = tmp_path / "clock"
    path.write_text("0")
    return path


def called_in_turn(person, room, clock, off):
    """Call whoever is next at this time, and send them home."""
    clock.write_text(str(off))
    assert done(person.call_next(room))
    ticket = Ticket.objects.in_room().get()
    assert done(person.act(ticket, "miss"))
    return ticket.pk


def test_jumping_clock(clinic, redis, sofia, clock, start_web, start_worker, report):
    start_worker(f"clock {clock}")
    _, site = start_web(f"clock {clock}")
    person = Person(sofia, site)

    for off in JUMPS:
        clock.write_text(str(off))
        assert done(person.issue(clinic.first))
        assert done(person.issue(clinic.first))
    came = list(Ticket.objects.order_by("id").values_list("id", flat=True))
    called = [called_in_turn(person, clinic.room, clock, off) for off in (*JUMPS, *JUMPS)]

    check_everything()
    assert called == came
    assert not Ticket.objects.filter(estimate_low__lt=0).exists()
    sealed = list(AuditEntry.objects.order_by("seq").values_list("event_id", flat=True))
    assert sealed == sorted(sealed)
    report(
        "Clock jumps by 24 h, back, and by -5 min",
        made="the time of day of web and worker is put on and back while tickets are issued and called",
        expected="called in the order of arrival, no negative wait, trail in the order of events, replica equal",
        measured=f"{len(called)} of {len(came)} in order, 0 negative, 0 differences",
    )


@pytest.mark.parametrize(("days", "way"), [(-1, "back"), (1, "on")])
def test_consultations_over_a_jump(days, way, clinic, redis, sofia, report):
    """Each ends, by the clock, a day before it began, or a day after."""
    began = timezone.now()
    ended = began + timedelta(days=days)
    for _ in range(6):
        ticket = tickets.issue(service_id=clinic.first.pk, actor=sofia, at=began)
        tickets.call_next(room_id=clinic.room.pk, actor=sofia, at=began)
        tickets.start(ticket_id=ticket.pk, actor=sofia, at=began)
        tickets.complete(ticket_id=ticket.pk, outcome="seen", actor=sofia, at=ended)
    for _ in range(40):
        tickets.issue(service_id=clinic.first.pk, actor=sofia, at=ended)

    told = board.board(clinic.first.pk, ended)["estimate"]

    call_command("deliver", once=True)
    check_everything()
    assert told["low"] == 40 * clinic.first.typical_minutes / 2 * 0.75  # two rooms
    report(
        f"Clock goes {way} by 24 h during six consultations",
        made="verbs at those times",
        expected="no negative wait is told, tickets can be issued",
        measured=f"the next in line is told {told['low']} to {told['high']} minutes",
    )
