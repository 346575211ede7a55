"""A row that the replica does not take, and columns that it does not have: the rest goes on, and it mends."""

from __future__ import annotations

import time

import pytest

from notifications import mending
from notifications.models import AuditEntry, Cursor, DeadLetter
from queueing import history
from queueing.models import Event, Room, Ticket
from tests.acceptance.faults.invariants import check_everything
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]


def seconds_until(condition):
    began = time.monotonic()
    wait_until(condition)
    return time.monotonic() - began


def add_cellar():
    with history.operation(actor="setup"):
        return Room.objects.create(name="Cellar")


def is_on_the_replica(row):
    return type(row).objects.using("replica").filter(pk=row.pk).exists()


def is_blocked():
    return Cursor.objects.filter(sink="replica", state=Cursor.State.BLOCKED).exists()


def sealed():
    return AuditEntry.objects.count() == Event.objects.count()


def test_poison_row(clinic, desk, redis, on_replica, start_worker, report):
    start_worker()
    check_everything()
    on_replica(
        "ALTER TABLE queueing_room ADD CONSTRAINT narrow CHECK (name <> 'Cellar')",
        undo="ALTER TABLE queueing_room DROP CONSTRAINT IF EXISTS narrow",
    )

    cellar, ticket = add_cellar(), desk.issue(clinic.first)
    behind = seconds_until(lambda: sealed() and is_on_the_replica(ticket))
    letter = wait_until(lambda: DeadLetter.objects.filter(outcome=DeadLetter.Outcome.OPEN).first())
    assert (letter.model, letter.object_id) == ("queueing.room", cellar.pk)
    on_replica("ALTER TABLE queueing_room DROP CONSTRAINT narrow")
    mending.retry(letter.pk)
    mended = seconds_until(lambda: is_on_the_replica(cellar))

    check_everything()
    assert behind < 5
    report(
        "Poison row",
        made="a rule of the replica that one row breaks; later the rule goes, and somebody presses Retry",
        expected="the row is put aside and named, the others go on, it is copied after Retry",
        measured=f"others {behind:.2f} s behind, {letter} put aside, copied {mended:.1f} s after Retry",
    )


def test_drift(clinic, desk, redis, on_replica, start_worker, report):
    start_worker()
    check_everything()
    on_replica(
        "ALTER TABLE queueing_ticket ADD COLUMN floor integer NOT NULL DEFAULT 0",
        undo="ALTER TABLE queueing_ticket DROP COLUMN IF EXISTS floor",
    )
    on_replica("ALTER TABLE queueing_ticket ALTER COLUMN floor DROP DEFAULT")

    ticket = desk.issue(clinic.first)
    wait_until(is_blocked)
    others = seconds_until(sealed)
    assert not is_on_the_replica(ticket)
    on_replica("ALTER TABLE queueing_ticket DROP COLUMN floor")
    resumed = seconds_until(lambda: is_on_the_replica(ticket) and not is_blocked())

    check_everything()
    assert Ticket.objects.count() == 1
    assert not DeadLetter.objects.exists()
    report(
        "Columns differ",
        made="a column that only the replica has; later it goes",
        expected="the replica is blocked and says why, the others go on, it resumes by itself, no row is blamed",
        measured=f"blocked, trail {others:.2f} s behind, resumed {resumed:.1f} s after the migration, 0 dead letters",
    )
