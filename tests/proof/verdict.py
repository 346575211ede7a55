"""What is asked of a clinic at rest after people have worked with it, in words."""

from __future__ import annotations

import time
from collections import Counter

from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from queueing.models import Event, Priority, Room, Service, Ticket
from tests.acceptance.faults import invariants
from tests.proof import checker, journal
from tests.proof.operations import LEAVES, TICKET
from tests.proof.problem import Problem
from tests.proof.replay import RENUMBERED
from tests.proof.world import World


def problems(paths):
    """Of everything: the history of those journals, the lines, the trail, the replica, the screens, the servers."""
    entries = journal.read(paths)
    began = time.monotonic()
    found = [*checker.check(entries, events(), rows(), world()), *unasked(entries)]
    seconds = time.monotonic() - began
    return [*map(str, found), *invariants.problems()], seconds


def unasked(entries):
    """Nothing happens to a ticket that nobody pressed, least of all its completion."""
    pressed = Counter(entry.key or (LEAVES[entry.verb], entry.given["ticket"]) for entry in begun(entries))
    of_tickets = Event.objects.filter(model=TICKET).exclude(verb=RENUMBERED).order_by("id")
    for event in of_tickets.values():
        press = event["key"] or (event["verb"], event["object_id"])
        pressed[press] -= 1
        if pressed[press] < 0:
            what = f"event {event['id']}, {event['verb']} of ticket {event['object_id']}"
            yield Problem(f"{what}, was asked for by nobody", (event,))


def begun(entries):
    """The first of those with one key, which is one press."""
    keys = set()
    for entry in entries:
        if entry.type == journal.INVOKE and entry.key not in keys:
            keys |= {entry.key} - {None}
            yield entry


def events():
    return list(Event.objects.order_by("id").values())


def rows():
    return {row["id"]: row for row in Ticket.objects.values()}


def world():
    services = {
        service.pk: {
            "prefix": service.prefix,
            "head_start": {priority: service.head_start(priority) for priority in Priority.values},
        }
        for service in Service.objects.all()
    }
    served = {room.pk: list(room.serves.values_list("service_id", flat=True)) for room in Room.objects.all()}
    return World(rooms=served, services=services, zone=timezone.get_default_timezone_name())


def wait_for_rest(seconds):
    """Until every sink has read everything; what is behind after so many seconds."""
    deadline = time.monotonic() + seconds
    while (found := invariants.unrest()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def carry():
    """What workers do, where there are none. Nothing is behind afterwards."""
    call_command("deliver", once=True)
    connections.close_all()
    return []
