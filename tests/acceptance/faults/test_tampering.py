"""Somebody who may do everything in the database takes a trigger away, or rewrites the audit trail."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection

from tests.acceptance.faults.invariants import check_everything

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
TAMPERINGS = {
    "edited": "UPDATE notifications_auditentry SET sentence = 'Nothing.' WHERE seq = 5",
    "deleted": "DELETE FROM notifications_auditentry WHERE seq = 5",
}


def do(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def without(trigger, table):
    do(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    try:
        yield
    finally:
        do(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")


@pytest.fixture
def settled(clinic, desk, redis):
    desk.issue(clinic.first)
    call_command("deliver", once=True)
    check_everything()


def test_dropped_trigger(settled, report):
    with (
        without("ticket_has_history", "queueing_ticket"),
        pytest.raises(SystemCheckError, match=r"queueing\.E002.*\n?.*ticket_has_history"),
    ):
        call_command("check", databases=["default"])

    check_everything()
    report(
        "Trigger of the guard disabled",
        made="ALTER TABLE",
        expected="`manage.py check --database default` and `migrate` fail and name it",
        measured="queueing.E002 names ticket_has_history",
    )


@pytest.mark.parametrize("how", TAMPERINGS)
def test_tampered_trail(how, settled, report):
    with without("audit_trail_is_append_only", "notifications_auditentry"):
        do(TAMPERINGS[how])

    with pytest.raises(CommandError, match="Entry 5 ") as refused:
        call_command("verifyaudit")
    report(
        f"Entry of the audit trail {how}",
        made="SQL with its trigger disabled",
        expected="`manage.py verifyaudit` names the first bad entry",
        measured=str(refused.value),
    )
