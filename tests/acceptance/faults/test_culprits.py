"""A batch that kills the worker: after three deaths it is taken piece by piece, and the culprit is found."""

from __future__ import annotations

import signal

import pytest
from django.core.management import call_command

from notifications import progress
from notifications.models import AuditEntry, Cursor, DeadLetter
from notifications.sinks import base
from queueing.models import Event, Ticket
from tests.acceptance.faults.invariants import check_everything

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
DEAD = -signal.SIGKILL


@pytest.fixture
def settled(clinic, desk, redis):
    desk.issue(clinic.first)
    call_command("deliver", once=True)


@pytest.fixture
def deaths(live):
    """How many lives of a sink end by a fault, before one gets through."""

    def deaths(sink, fault):
        number = 0
        while live(sink, fault) == DEAD:
            number += 1
            assert number < 10
        return number

    return deaths


def test_row_that_kills(settled, clinic, desk, deaths, report):
    bad, good = desk.issue(clinic.first), desk.issue(clinic.second)

    number = deaths("replica", f"kill at {bad.pk} notifications.copying._insert")

    assert number == base.DEATHS + 1
    assert set(Ticket.objects.using("replica").values_list("pk", flat=True)) & {bad.pk, good.pk} == {good.pk}
    assert DeadLetter.objects.get().object_id == bad.pk
    call_command("deliver", once=True)
    call_command("retrysink", "replica")  # the cause is mended
    call_command("deliver", once=True)
    check_everything()
    report(
        "Row that kills the worker",
        made="SIGKILL whenever it is copied",
        expected="found after three deaths and put aside, the rest goes on",
        measured=f"put aside after {number} deaths; copied once the cause was gone",
    )


def test_board_that_kills(settled, clinic, desk, deaths, redis, report):
    desk.issue(clinic.first)
    desk.issue(clinic.second)

    number = deaths("push", f"kill at {clinic.first.pk} queueing.board.board")

    assert number == base.DEATHS + 1
    assert DeadLetter.objects.get().object_id == clinic.first.pk
    assert "B-001" in redis.hget("clinic:boards", str(clinic.second.pk))
    call_command("retrysink", "push")
    call_command("deliver", once=True)
    check_everything()
    report(
        "Board that kills the worker",
        made="SIGKILL whenever it is made",
        expected="found after three deaths and put aside, other boards are shown",
        measured=f"put aside after {number} deaths; shown once the cause was gone",
    )


def test_event_that_kills(settled, clinic, desk, live, report):
    desk.issue(clinic.first)
    bad = Event.objects.latest("id")
    desk.issue(clinic.first)
    before = AuditEntry.objects.count()

    ends = [live("audit", f"kill at {bad.pk} notifications.sentences.sentence") for _ in range(base.DEATHS + 2)]

    assert ends == [DEAD] * (base.DEATHS + 1) + [1]  # it goes no further
    assert Cursor.objects.get(sink="audit").trying == f"event {bad.pk} ({bad.verb})"
    assert AuditEntry.objects.count() == before
    assert progress.of_all()["audit"]["pending_events"]
    call_command("retrysink", "audit")
    call_command("deliver", once=True)
    check_everything()
    report(
        "Event that kills the worker",
        made="SIGKILL whenever it is sealed",
        expected="found after three deaths; the audit trail stops there and names it, and skips nothing",
        measured=f"named after {base.DEATHS + 1} deaths; sealed once the cause was gone",
    )
