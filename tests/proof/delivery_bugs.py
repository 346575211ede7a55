"""Bugs in what hears of it, planted from outside into a worker that has just started."""

from __future__ import annotations

from django.db import transaction

from notifications import copying, reader
from notifications.leadership import Leadership
from notifications.models import Cursor, ReplicaState
from notifications.sinks import audit, replica
from queueing.models import Event
from queueing.models.services import LineQuerySet
from tests.proof.bugs import now_and_then, pause


def by_id(*, low):
    """An event that comes into view after a later one is never read."""
    events = Event.objects.filter(id__gt=low).order_by("id")
    last = events.last()
    return reader.Window(events=events, low=last.pk if last else low)


def reads_by_id():
    reader.in_order = by_id


def nothing_sealed(events):
    """The cursor moves on all the same."""
    return len(list(events)), 0


def acknowledges_before_it_is_done():
    seal = audit.seal
    audit.seal = lambda events: (nothing_sealed if now_and_then() else seal)(events)


def leads_always():
    """Each worker takes itself for the only one, and nothing stops it when it writes what it saw long ago."""
    Leadership.take = lambda self: Cursor.objects.filter(sink=self.sink).first()
    Leadership.leave = lambda self: None

    def apply_late(turn, **how):
        state = ReplicaState.objects.using("replica").get()
        with transaction.atomic(using="replica"), reader.by_state(low=state.low) as now:
            pause()
            copying.copy_touched(replica.rows_of(now))
            ReplicaState.objects.using("replica").update(low=now.low, snapshot=now.snapshot)

    replica.apply = apply_late


def loses_a_row():
    copy = copying.copy_touched
    copying.copy_touched = lambda rows: copy(set(sorted(rows)[1:]) if now_and_then() else rows)


def gives_boards_no_version():
    LineQuerySet.bump = lambda self, service_ids: None
