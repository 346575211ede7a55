"""The wake-up line is cut, and an open transaction elsewhere holds the horizon back."""

from __future__ import annotations

import time

import psycopg
import pytest
from django.db import connection

from notifications import boards, direct, holder
from notifications.models import AuditEntry
from queueing.models import Event, Line, Ticket
from tests.acceptance.faults.invariants import check_everything
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(180),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
LISTENERS = "FROM pg_stat_activity WHERE application_name = 'clinic-listener' AND datname = current_database()"


def asked(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def is_sealed(event):
    return AuditEntry.objects.filter(event_id=event).exists()


def is_on_the_replica(ticket):
    return Ticket.objects.using("replica").filter(pk=ticket.pk).exists()


def is_on_the_board(service, redis):
    version = str(Line.objects.get(pk=service.pk).version)
    return redis.hget(boards.VERSIONS, str(service.pk)) == version


def seconds_until(condition):
    began = time.monotonic()
    wait_until(condition)
    return time.monotonic() - began


def everywhere(service, ticket, redis):
    event = Event.objects.order_by("-id").first().pk
    return lambda: is_on_the_board(service, redis) and is_sealed(event) and is_on_the_replica(ticket)


def test_cut_listener(clinic, redis, desk, start_worker, report):
    start_worker()
    desk.issue(clinic.first)
    check_everything()
    before = asked(f"SELECT min(pid) {LISTENERS}")

    asked(f"SELECT bool_and(pg_terminate_backend(pid)) {LISTENERS}")
    behind = seconds_until(everywhere(clinic.first, desk.issue(clinic.first), redis))
    listens = seconds_until(lambda: asked(f"SELECT min(pid) {LISTENERS}") not in (None, before))
    woken = min(seconds_until(everywhere(clinic.first, desk.issue(clinic.first), redis)) for _ in range(3))

    check_everything()
    assert behind < 3
    assert woken < 0.9  # sooner than a poll
    report(
        "Wake-up line cut",
        made="pg_terminate_backend of the listening connection",
        expected="events delivered by polling meanwhile; back to listening by itself",
        measured=f"delivered in {behind:.2f} s, listens again after {behind + listens:.2f} s, then {woken:.2f} s",
    )


def test_open_writer(clinic, redis, desk, start_worker, report):
    """Opened by somebody whom no time limit of ours reaches."""
    start_worker()
    desk.issue(clinic.first)
    check_everything()

    seconds = 60
    limits = {"options": "-c idle_in_transaction_session_timeout=0 -c transaction_timeout=0"}
    with psycopg.connect(**{**direct.params("default", application="somebody"), **limits}) as writer:
        pid = writer.info.backend_pid
        writer.execute("SELECT pg_current_xact_id()")
        opened = time.monotonic()
        others = 0.0
        while time.monotonic() < opened + seconds:
            ticket = desk.issue(clinic.first)
            event = Event.objects.order_by("-id").first().pk
            behind = seconds_until(lambda ticket=ticket: is_on_the_replica(ticket))
            behind += seconds_until(lambda: is_on_the_board(clinic.first, redis))
            others = max(others, behind)
            assert not is_sealed(event)
        found = holder.find()
        writer.rollback()
        waiting = seconds_until(lambda: is_sealed(event))

    check_everything()
    assert (found["application"], found["pid"]) == ("somebody", pid)
    assert others < 2
    report(
        f"Open writer elsewhere for {seconds} s",
        made="a transaction that has an id and stays open",
        expected="the audit trail waits and says for whom, replica and screens at most 2 s behind",
        measured=f"nothing sealed meanwhile, all of it {waiting:.2f} s after; names {found['application']};"
        f" others {others:.2f} s behind at most",
    )
