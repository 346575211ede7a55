"""A web process that is killed in the middle of an action has done it whole or not at all."""

from __future__ import annotations

import signal
import time

import pytest
import requests
from django.db import connection

from queueing.models import Event, Ticket
from tests.acceptance.faults.invariants import check_everything, unrest
from tests.acceptance.faults.running import Person, done, kept_as
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
#: Where it is killed, and how many tickets there are afterwards.
POINTS = {
    "after the lock": ("kill after queueing.ordering.lock", 0),
    "after the insert": ("kill after queueing.history.record", 0),
    "before the commit": ("kill before django.db.backends.base.base.BaseDatabaseWrapper.commit", 0),
    "after the commit, before the wake": ("kill before notifications.wake.wake", 1),
}
# A worker leads in a transaction that stays open, and writes nothing in it.
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND xact_start IS NOT NULL AND application_name NOT LIKE 'clinic-leader-%'
"""


def killed(site, process, user, service, key):
    with pytest.raises(requests.RequestException):
        Person(user, site).issue(service, key)
    assert process.wait(10) == -signal.SIGKILL


def seconds_until(condition):
    began = time.monotonic()
    wait_until(condition)
    return time.monotonic() - began


def open_transactions():
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        return cursor.fetchone()[0] - 1  # without this one


def test_killed_web(clinic, redis, sofia, start_web, start_worker, report):
    start_worker()
    _, well = start_web()
    for number, (point, (fault, tickets)) in enumerate(POINTS.items()):
        key = f"key-{number}"
        process, site = start_web(fault)

        killed(site, process, sofia, clinic.first, key)
        freed = seconds_until(lambda: not open_transactions())
        delivered = seconds_until(lambda: not unrest())

        assert freed < 1
        assert delivered < 2
        assert Event.objects.filter(key=kept_as(key)).count() == tickets
        assert Ticket.objects.count() == number + tickets
        assert done(Person(sofia, well).issue(clinic.first, key))
        assert Ticket.objects.count() == number + 1
        report(
            f"Web killed {point}",
            made="SIGKILL in a request; then the same form again",
            expected="whole or nothing; lock freed within 1 s, delivered within 2 s; one ticket in the end",
            measured=f"tickets: {tickets}, freed in {freed:.2f} s, delivered in {delivered:.2f} s; 1 in the end",
        )
    check_everything(acknowledged=[kept_as(f"key-{number}") for number in range(len(POINTS))])
