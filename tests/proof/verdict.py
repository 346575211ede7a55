"""What is asked of a clinic at rest after people have worked with it, in words."""

from __future__ import annotations

import time
from collections import Counter

from django.core.management import call_command
from django.db import connections

from queueing.models import Event
from tests.acceptance.faults import invariants
from tests.proof import checker, clinic, journal
from tests.proof.operations import LEAVES, TICKET
from tests.proof.problem import Problem
from tests.proof.replay import RENUMBERED


def problems(paths):
    """Of everything: the history of those journals, the lines, the trail, the replica, the screens, the servers."""
    entries = journal.read(paths)
    began = time.monotonic()
    found = [*checker.check(entries, clinic.events(), clinic.rows(), clinic.world()), *unasked(entries)]
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
