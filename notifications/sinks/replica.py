"""Keeps the second PostgreSQL equal: current rows of whatever was touched, in one transaction there.

Note [Lock before snapshot]
The row of ReplicaState is locked before the primary's snapshot is taken. So snapshots are applied in the order in which
they were taken, whoever applies them, and the replica never goes back.
"""

from __future__ import annotations

import time

from django.db import connections, transaction
from django.utils import timezone

from notifications import anchors, copying, erasure, letters, limits, reader, retry
from notifications.letters import Failure, Row
from notifications.models import ReplicaState
from notifications.sinks import base

REPLICA = "replica"
#: Seconds after which the head of the audit trail is anchored, if it is not yet.
ANCHOR_SECONDS = 60.0
#: The epoch of a replica that has become a primary: no worker carries a higher one.
PROMOTED = 2**63 - 1
#: Seconds between two looks at whether both sides have the same columns.
DRIFT_SECONDS = 60.0


class ReplicaSink:
    name = REPLICA
    gathers = 0.05

    def __init__(self) -> None:
        self.anchored_at = self.looked_at = float("-inf")
        self.is_told = False

    def step(self, turn: base.Turn = base.FIRST) -> bool:
        self.refuse_drift()
        batch = take(turn)
        if not batch:
            self.catch_up(turn)
            retry_letters()
        self.anchor()
        return batch is not None

    def catch_up(self, turn: base.Turn) -> None:
        """Once in a life: the one before may have died before the primary heard how far the replica is."""
        if not self.is_told:
            state = ReplicaState.objects.using(REPLICA).get()
            base.cursor(self.name)
            base.place(self.name, low=state.low, snapshot=state.snapshot, turn=turn)
            self.is_told = True

    def refuse_drift(self) -> None:
        """Now and then, because a column that only one side has may also go unnoticed."""
        if time.monotonic() - self.looked_at > DRIFT_SECONDS:
            copying.refuse_drift()
            self.looked_at = time.monotonic()

    def probe(self) -> None:
        with connections[REPLICA].cursor() as cursor:
            cursor.execute("SELECT 1")

    def blame(self, thing: str) -> None:
        letters.park_killer(self.name, letters.Row.named(thing))

    def anchor(self) -> None:
        """Tell the replica and the log of the audit trail, and the replica who was erased."""
        head = time.monotonic() - self.anchored_at >= ANCHOR_SECONDS
        anchors.write(head=head)
        if head:
            erasure.carry()
            self.anchored_at = time.monotonic()

    def close(self) -> None:
        pass


def take(turn: base.Turn, *, everything: bool = False) -> base.Batch | None:
    """Whatever can be copied. If a row cannot, all but that row."""
    try:
        batch = apply(turn, everything=everything, apart=turn.careful)
    except Exception as e:
        if retry.fault(e) is not retry.Fault.POISON:
            raise
        copying.refuse_drift()  # where columns differ it is not the row's fault
        batch = apply(turn, everything=everything, apart=True)
    if batch:
        mirror(batch)
    return batch


def resync() -> None:
    """Copy everything while the clinic works."""
    take(base.FIRST, everything=True)


def apply(turn: base.Turn, *, everything: bool, apart: bool) -> base.Batch | None:
    """Bring the replica to the present, or return None if it is there."""
    started_at = timezone.now()
    shown = ReplicaState.objects.using(REPLICA).filter(pk=1).first() or ReplicaState()
    everything = everything or not shown.snapshot
    if not everything and not reader.has_news(low=shown.low, seen=shown.snapshot):
        return None
    aside = letters.Aside(REPLICA)
    with transaction.atomic(using=REPLICA, durable=True):
        limits.extend(REPLICA, to=limits.EVERYTHING if everything or apart else limits.BATCH)
        state = locked_state()
        with reader.by_state(low=state.low, seen=state.snapshot) as now:
            if everything:
                failures = copy_everything(aside.killers, apart=apart, careful=turn.careful)
            else:
                failures = copy(rows_of(now) - aside.killers, apart=apart, careful=turn.careful)
        letters.park(REPLICA, failures)  # before the replica goes on without them
        move(state, now, turn)
    aside.close(None if everything else rows_of(now), but=failures)
    return base.batch_of(now, low_from=state.low, turn=turn, started_at=started_at)


def copy_everything(killers: set[Row], *, apart: bool, careful: bool) -> list[Failure]:
    limits.extend("default", to=limits.EVERYTHING)
    if not apart and not killers:
        copying.copy_everything()
        return []
    copying.empty_everything()
    return copy(set(copying.every_row()) - killers, apart=True, careful=careful)


def copy(rows: set[Row], *, apart: bool, careful: bool) -> list[Failure]:
    if careful:
        with base.announcing(REPLICA) as say:
            return copying.copy_apart(rows, say=say)
    if apart:
        return copying.copy_apart(rows)
    copying.copy_touched(rows)
    return []


def retry_letters() -> None:
    """Rows that are due, as they are now."""
    if not (due := letters.due(REPLICA)):
        return
    with transaction.atomic(using=REPLICA, durable=True):
        locked_state()
        failures = copying.copy_apart(due)
        letters.park(REPLICA, failures)
    letters.close(REPLICA, set(due) - {failure.row for failure in failures})


def rows_of(now: reader.State) -> set[Row]:
    """Those that the replica shows: a note in history is about no row."""
    return {Row(label, key) for label in now.keys.keys() & copying.BY_LABEL.keys() for key in now.keys[label]}


def locked_state() -> ReplicaState:
    """See Note [Lock before snapshot].

    :raises retry.Drift: if it is a primary by now
    """
    states = ReplicaState.objects.using(REPLICA)
    state = states.select_for_update(no_key=True).get(pk=states.get_or_create(pk=1)[0].pk)
    if state.epoch == PROMOTED:
        raise retry.Drift("REPLICA_URL names a database that was promoted to a primary. Give the replica an empty one.")
    return state


def move(state: ReplicaState, now: reader.State, turn: base.Turn) -> None:
    """
    :raises CursorMoved: if the replica is no longer where it was read, or has heard of a later leader
    """
    epoch = state.epoch if turn.epoch is None else turn.epoch
    unmoved = ReplicaState.objects.using(REPLICA).filter(
        pk=state.pk, low=state.low, snapshot=state.snapshot, epoch__lte=epoch
    )
    if not unmoved.update(low=now.low, snapshot=now.snapshot, epoch=epoch):
        raise base.CursorMoved(REPLICA)


def mirror(batch: base.Batch) -> None:
    """Say on the primary what the replica knows for itself; lost in a crash, it comes with the next batch."""
    with transaction.atomic():
        base.cursor(REPLICA)
        base.place(REPLICA, low=batch.low_to, snapshot=batch.snapshot, turn=batch.turn)
        base.record(REPLICA, batch)
