"""Bugs in what hears of it, planted from outside into a worker that has just started."""

from __future__ import annotations

import random
import time

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from notifications import copying, reader
from notifications.leadership import Leadership
from notifications.models import AuditEntry, ReplicaState
from notifications.sinks import audit, base, replica
from queueing.models import Event
from queueing.models.services import LineQuerySet
from tests.proof.bugs import now_and_then


def by_id(*, low):
    """An event that comes into view after a later one is never read."""
    events = Event.objects.filter(id__gt=low).order_by("id")
    last = events.last()
    return reader.Window(events=events, low=last.pk if last else low)


def reads_by_id():
    """From the highest id that is sealed."""

    def after_the_last(*, low):
        last = AuditEntry.objects.aggregate(id=Max("event_id"))["id"] or 0
        return reader.Window(events=by_id(low=last).events, low=reader.horizon())

    reader.in_order = after_the_last


def nothing_sealed(events):
    """The cursor moves on all the same."""
    return len(list(events)), 0


def acknowledges_before_it_is_done():
    seal = audit.seal
    audit.seal = lambda events: (nothing_sealed if now_and_then() else seal)(events)


def leads_always():
    """Each worker takes itself for the only one that copies, and what it saw long ago is written all the same."""
    take = Leadership.take

    def take_or_pretend(self):
        if self.sink != "replica":
            return take(self)
        cursor = base.cursor(self.sink)
        self.epoch = cursor.epoch
        return cursor

    def apply_late(turn, **how):
        states = ReplicaState.objects.using("replica")
        state = states.get_or_create(pk=1)[0]
        with transaction.atomic(using="replica"), reader.by_state(low=state.low, seen=state.snapshot) as now:
            time.sleep(random.random() / 2)
            copying.copy_touched(replica.rows_of(now))
            states.filter(low=state.low, snapshot=state.snapshot).update(low=now.low, snapshot=now.snapshot)
        batch = base.batch_of(now, low_from=state.low, turn=turn, started_at=timezone.now())
        return batch if now.events else None

    Leadership.take = take_or_pretend
    replica.apply = apply_late


def loses_a_row():
    copy = copying.copy_touched
    copying.copy_touched = lambda rows: copy(set(sorted(rows)[1:]) if now_and_then() else rows)


def no_version(lines, service_ids):
    """Nobody hears that a board has changed."""


def gives_boards_no_version():
    LineQuerySet.bump = no_version
