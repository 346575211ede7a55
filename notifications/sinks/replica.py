"""Keeps the second PostgreSQL equal: current rows of whatever was touched, in one transaction there.

Note [Lock before snapshot]
The row of ReplicaState is locked before the primary's snapshot is taken, by `apply` and by `fill`. So snapshots are
applied in the order in which they were taken, whoever applies them, and the replica never goes back.
"""

from __future__ import annotations

import time
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from notifications import copying, erasure, limits, reader
from notifications.models import AuditAnchor, AuditEntry, Cursor, ReplicaState
from notifications.sinks import base

REPLICA = "replica"
#: Seconds between two anchors of the audit trail, so that a busy clinic does not fill the table.
ANCHOR_SECONDS = 5.0


class ReplicaSink:
    name = "replica"
    gathers = 0.05

    def __init__(self) -> None:
        self.anchored_at = float("-inf")

    def step(self, *, attempt: int = 1) -> bool:
        batch = apply(attempt=attempt, started_at=timezone.now())
        if batch:
            mirror(batch)
        else:
            self.anchor()
        return batch is not None

    def anchor(self) -> None:
        """Tell the replica, out of reach of whoever might rewrite it, the audit trail's head; and who was erased."""
        if time.monotonic() - self.anchored_at < ANCHOR_SECONDS:
            return
        head = AuditEntry.objects.order_by("-seq").first()
        if head:
            anchors = AuditAnchor.objects.using(REPLICA)
            anchors.get_or_create(seq=head.seq, defaults={"hash": head.hash, "at": timezone.now()})
        erasure.carry()
        self.anchored_at = time.monotonic()

    def close(self) -> None:
        pass


def apply(*, attempt: int, started_at: datetime) -> base.Batch | None:
    """Bring the replica to the present, or return None if it is there."""
    shown = ReplicaState.objects.using(REPLICA).filter(pk=1).first()
    if not shown:
        return fill(attempt=attempt, started_at=started_at)[1]
    if not reader.has_news(low=shown.low, seen=shown.snapshot):
        return None
    with transaction.atomic(using=REPLICA, durable=True):
        limits.extend(REPLICA)
        state = locked_state()
        with reader.by_state(low=state.low, seen=state.snapshot) as now:
            copying.copy_touched(now.keys)
        move(state, now)
    return _batch(state, now, attempt, started_at)


def resync() -> int:
    """Copy everything while the clinic works. Returns the number of rows."""
    rows, batch = fill(attempt=1, started_at=timezone.now())
    mirror(batch)
    return rows


def fill(*, attempt: int, started_at: datetime) -> tuple[int, base.Batch]:
    with transaction.atomic(using=REPLICA, durable=True):
        limits.extend(REPLICA, to=limits.EVERYTHING)
        state = locked_state()
        with reader.by_state(low=state.low, seen=state.snapshot) as now:
            limits.extend("default", to=limits.EVERYTHING)
            rows = copying.copy_everything()
        move(state, now)
    return rows, _batch(state, now, attempt, started_at)


def locked_state() -> ReplicaState:
    """See Note [Lock before snapshot]."""
    states = ReplicaState.objects.using(REPLICA)
    return states.select_for_update(no_key=True).get(pk=states.get_or_create(pk=1)[0].pk)


def move(state: ReplicaState, now: reader.State) -> None:
    """
    :raises CursorMoved: if the replica is no longer where it was read
    """
    unmoved = ReplicaState.objects.using(REPLICA).filter(pk=state.pk, low=state.low, snapshot=state.snapshot)
    if not unmoved.update(low=now.low, snapshot=now.snapshot):
        raise base.CursorMoved(REPLICA)


def mirror(batch: base.Batch) -> None:
    """Say on the primary what the replica knows for itself; lost in a crash, it comes with the next batch."""
    with transaction.atomic():
        Cursor.objects.update_or_create(
            sink=REPLICA,
            defaults={"low": batch.low_to, "snapshot": batch.snapshot, "updated_at": timezone.now()},
        )
        base.record(REPLICA, batch)


def _batch(state: ReplicaState, now: reader.State, attempt: int, started_at: datetime) -> base.Batch:
    return base.Batch(
        low_from=min(state.low, now.low),
        low_to=now.low,
        events=now.events,
        bytes=now.bytes,
        attempt=attempt,
        started_at=started_at,
        snapshot=now.snapshot,
    )
