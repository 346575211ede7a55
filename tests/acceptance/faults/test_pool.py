"""The primary comes back, and every web process notices at once, whatever its pool of connections went through."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command

from tests.acceptance.faults.invariants import check_everything
from tests.acceptance.faults.running import Person, done, kept_as
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]


def test_primary_away_for_longer_than_the_pool_tries(primary, sofia, clinic, start_web, report):
    """The other web process has the patience of psycopg, and pauses as it does after a minute."""
    patient = "set clinic.databases.POOL reconnect_timeout 300"
    _, site = start_web(DATABASE_URL=primary.url)
    _, other = start_web(patient, "put psycopg_pool.base.AttemptWithBackoff.INITIAL_DELAY 30", DATABASE_URL=primary.url)
    person, unlucky = Person(sofia, site), Person(sofia, other)
    assert done(person.issue(clinic.first, "before"))
    assert done(unlucky.issue(clinic.first))

    primary.kill()
    away = time.monotonic()
    for asking in (unlucky, unlucky, person):
        assert asking.issue(clinic.first).status_code == 503
    away = time.monotonic() - away
    primary.start()
    back = time.monotonic()
    wait_until(lambda: done(person.issue(clinic.first, "after")), seconds=5)
    back = time.monotonic() - back
    assert all(done(person.issue(clinic.first)) for _ in range(10))
    assert not done(unlucky.issue(clinic.first))  # if this fails, the test proves nothing

    call_command("deliver", once=True)
    check_everything(acknowledged=[kept_as("before"), kept_as("after")])
    report(
        "PostgreSQL away for longer than the pool tries",
        made=f"SIGKILL, {away:.0f} s away, the pool gives up after 2 s",
        expected="503 meanwhile, the site works within 5 s of its return",
        measured=f"works {back:.1f} s after it",
    )


def at_once(person, service):
    """Eight people at the desk, so that the pool is as large as it gets."""
    with ThreadPoolExecutor(8) as pool:
        assert all(done(answer) for answer in pool.map(lambda _: person.issue(service), range(24)))


def test_primary_started_again_while_nobody_asked(primary, sofia, clinic, start_web, report):
    """The other web process finds out about each dead connection of its pool by itself."""
    _, site = start_web(DATABASE_URL=primary.url)
    _, other = start_web("skip psycopg_pool.ConnectionPool.drain", DATABASE_URL=primary.url)
    person, unlucky = Person(sofia, site), Person(sofia, other)
    for crowd in (person, unlucky):
        at_once(crowd, clinic.first)

    primary.kill()
    primary.start()
    began = time.monotonic()
    assert done(person.issue(clinic.first))
    took = time.monotonic() - began
    began = time.monotonic()
    unlucky.issue(clinic.first)
    assert time.monotonic() - began > 1  # if this fails, the test proves nothing

    call_command("deliver", once=True)
    check_everything()
    assert took < 1
    report(
        "PostgreSQL started again while nobody asked",
        made="SIGKILL and start, every connection of the web's pool is dead",
        expected="the next action succeeds within 1 s",
        measured=f"done in {took:.2f} s",
    )
