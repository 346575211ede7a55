"""What is true of a clinic at rest, whatever happened to it before."""

from __future__ import annotations

import io
import json
import time

from django.core.management import CommandError, call_command
from django.db import Error, connection
from django.utils import timezone

from notifications import boards, comparison, progress
from notifications.models import AuditEntry
from queueing import board as queueing_board
from queueing.integrity import validate_queue_integrity
from queueing.models import Event, Line, Service, Ticket

RESTLESS = """
    SELECT 'backend ' || pid || ' is ' || state FROM pg_stat_activity
    WHERE datname = current_database() AND state LIKE 'idle in transaction%%' AND state_change < now() - interval '1 s'
      AND application_name NOT LIKE 'clinic-leader-%%'
    UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts
    UNION ALL SELECT 'backend ' || pid || ' waits for a lock' FROM pg_locks
    WHERE NOT granted AND waitstart < now() - interval '2 s'
"""


def check_everything(*, acknowledged=(), seconds=20):
    """Wait for rest, then assert that everything holds. `acknowledged`: keys of actions that somebody was told of."""
    deadline = time.monotonic() + seconds
    while (found := unrest() or problems(acknowledged)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not found, "; ".join(found)


def unrest():
    """Sinks that have not read everything yet."""
    return [f"{name} has {sink['pending_events']} events to read" for name, sink in pending()]


def pending():
    return [(name, sink) for name, sink in progress.of_all().items() if sink["pending_events"]]


def problems(acknowledged=()):
    """A sentence for each thing that is not as it must be."""
    return [*of_lines(), *of_the_trail(), *of_the_replica(), *of_screens(), *of_servers(), *of_promises(acknowledged)]


def of_lines():
    return [
        problem
        for service_id in Service.objects.values_list("pk", flat=True)
        for problem in validate_queue_integrity(service_id).problems
    ]


def of_the_trail():
    """Every event is sealed once, nothing else is, and the chain holds."""
    events = set(Event.objects.values_list("pk", flat=True))
    sealed = set(AuditEntry.objects.values_list("event_id", flat=True))
    lost, invented = sorted(events - sealed), sorted(sealed - events)
    found = [f"events {lost[:5]} are not sealed"] if lost else []
    found += [f"entries of {invented[:5]} have no event"] if invented else []
    return found + said_by("verifyaudit")


def of_the_replica():
    """Nothing is on its way any more, and every row is the same."""
    differences = comparison.compare()
    return [f"the replica differs in {len(differences)} rows, the first {differences[0]}"] if differences else []


def of_screens():
    """What Redis holds for the screens is what the database says."""
    kept = boards.blocking_client().hgetall(boards.BOARDS)
    versions = boards.blocking_client().hgetall(boards.VERSIONS)
    return [
        f"the board of service {line.pk} is not what the line says"
        for line in Line.objects.all()
        if versions.get(str(line.pk)) != str(line.version) or not shows_the_line(line, kept.get(str(line.pk)))
    ]


def shows_the_line(line, text):
    fresh = queueing_board.board(line.pk, timezone.now())
    kept = json.loads(text or "{}")
    return all(kept.get(part) == json.loads(json.dumps(fresh[part])) for part in ("version", "waiting", "calls"))


def of_servers():
    with connection.cursor() as cursor:
        cursor.execute(RESTLESS, [])
        return [sentence for (sentence,) in cursor.fetchall()]


def of_promises(keys):
    """Each acknowledged action has its one event and its ticket."""
    events = dict(Event.objects.filter(key__in=keys).values_list("key", "object_id"))
    tickets = set(Ticket.objects.filter(pk__in=events.values()).values_list("pk", flat=True))
    lost = [key for key in keys if events.get(key) not in tickets]
    return [f"{len(lost)} acknowledged actions are lost, the first {lost[0]}"] if lost else []


def said_by(command, **options):
    try:
        call_command(command, stdout=io.StringIO(), stderr=io.StringIO(), **options)
    except (CommandError, Error) as e:
        return [f"{command}: {e}"]
    return []
