"""The replica is away, or takes connections and never answers: nobody else notices, and it comes back equal."""

from __future__ import annotations

import statistics
import time

import pytest
from django.db import connection, transaction
from django.utils import timezone

from notifications import boards
from notifications.models import AuditEntry
from queueing import tickets
from queueing.models import Event, Line, Service
from tests.acceptance.faults.invariants import check_everything, unrest
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
#: Of tickets, with three events each.
THOUSANDS = 12
#: Seconds for which the replica does not answer.
FROZEN = 15
# A ticket of a long ago day, three events each. Only their number matters here.
MANY = """
    WITH ticket AS (
        INSERT INTO queueing_ticket (service_id, code, day, priority, status, position, token, call_count, issued_at,
                                     completed_by, outcome, reason, needs_fetching, needs_interpreter, needs_wheelchair)
        SELECT %(service)s, 'A-' || n, '2001-01-01', 'low', 'waiting', n, 'token' || n, 0, '2001-01-01', '', '', '',
               false, false, false
        FROM generate_series(%(first)s::bigint, %(first)s + 999) n RETURNING *
    )
    INSERT INTO queueing_event (at, model, object_id, service_id, action, verb, actor, reason, changes)
    SELECT now(), 'queueing.ticket', id, service_id, 'insert', 'ticket.issued', 'many', '',
           (SELECT jsonb_object_agg(key, jsonb_build_array(NULL, value)) FROM jsonb_each(to_jsonb(ticket)))
    FROM ticket CROSS JOIN generate_series(1, 3)
"""


def bring(thousands):
    """As many services, a thousand tickets each, three events for each ticket."""
    for thousand in range(thousands):
        service = Service.objects.create(name=f"Service {thousand}", prefix=f"Q{'ABCDEFGHIJKLMNOP'[thousand]}")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(MANY, {"service": service.pk, "first": 1 + thousand * 1000})
            Line.objects.filter(pk=service.pk).update(last_arrival=thousands * 1000)
            Line.objects.bump({service.pk})


def issue_many(service, actor, number=200):
    """Milliseconds that each took, in order."""
    took = []
    for _ in range(number):
        began = time.perf_counter()
        tickets.issue(service_id=service.pk, actor=actor, at=timezone.now())
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


#: Milliseconds: less than any time limit, so that whoever waited for the replica would take longer.
LIMIT = 1_000


def p5(took):
    """What it takes when nothing else runs on this machine."""
    return took[len(took) // 20]


def p50(took):
    return statistics.median(took)


def p99(took):
    return took[len(took) * 99 // 100]


def test_replica_down(replica, clinic, redis, sofia, start_worker, report):
    """How fast the primary is, is asked before, meanwhile and after, because other things happen on this machine."""
    start_worker(REPLICA_URL=replica.url)
    issue_many(clinic.first, sofia, 20)
    check_everything()
    up = issue_many(clinic.first, sofia)
    replica.kill()
    bring(THOUSANDS)
    wait_until(lambda: AuditEntry.objects.count() == Event.objects.count(), seconds=60)
    down = issue_many(clinic.first, sofia)

    replica.start()
    began = time.monotonic()
    wait_until(lambda: not unrest(), seconds=60)
    caught_up = time.monotonic() - began
    check_everything()
    up = sorted(up + issue_many(clinic.first, sofia))
    assert p5(down) < 1.5 * p5(up)
    assert p99(down) < LIMIT
    report(
        f"Replica down while {THOUSANDS * 3000} events arrive",
        made="SIGKILL, then started again",
        expected="p99 of the primary unchanged, caught up within 60 s, 0 differences",
        measured=f"a ticket takes {p50(down):.1f} ms (p99 {p99(down):.1f}), with the replica {p50(up):.1f} ms"
        f" (p99 {p99(up):.1f}); caught up in {caught_up:.1f} s, 0 differences",
    )


def seconds_to_trail_and_screen(service, redis):
    """Until the newest event is sealed and the newest board is stored."""
    began = time.monotonic()
    last = Event.objects.order_by("-id").first().pk
    version = str(Line.objects.get(pk=service.pk).version)
    wait_until(lambda: redis.hget(boards.VERSIONS, str(service.pk)) == version)
    wait_until(lambda: AuditEntry.objects.filter(event_id=last).exists())
    return time.monotonic() - began


def test_replica_that_never_answers(replica, clinic, redis, sofia, start_worker, report):
    start_worker(REPLICA_URL=replica.url)
    issue_many(clinic.first, sofia, 1)
    check_everything()

    replica.freeze()
    frozen, lags = time.monotonic(), []
    while time.monotonic() < frozen + FROZEN:
        issue_many(clinic.first, sofia, 1)
        lags.append(seconds_to_trail_and_screen(clinic.first, redis))
    replica.thaw()
    began = time.monotonic()
    check_everything(seconds=40)
    caught_up = time.monotonic() - began

    assert max(lags) < 1
    report(
        "Replica that takes connections and never answers",
        made="SIGSTOP to all its processes",
        expected="audit trail and screens less than 1 s behind; equal after SIGCONT",
        measured=f"{max(lags):.2f} s behind at most, in {len(lags)} actions; equal after {caught_up:.1f} s",
    )
