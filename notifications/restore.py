"""Notices that the primary was put back from a copy, and makes its history readable again.

Note [The younger future]
Every reader goes by transaction ids, and those are the server's. A dump that is loaded into a fresh server brings
ids that this one will only reach much later, and a server that was put back gives out ids a second time that the
replica has seen. Either way readers would pass over what happens next, without an error.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error, connection, transaction
from django.db.models import Max
from django.utils import timezone

from notifications import erasure, health, limits
from notifications.models import AuditAnchor, AuditEntry, ReplicaState, WorkerBeat
from queueing import history
from queueing.models import Event

logger = logging.getLogger(__name__)

REPLICA = "replica"
#: A transaction that has not ended yet: everything from it on is the future.
NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
FUTURE = """
    SELECT EXISTS (SELECT FROM queueing_event WHERE txid >= pg_snapshot_xmax(pg_current_snapshot()))
        OR EXISTS (SELECT FROM notifications_cursor WHERE low > pg_snapshot_xmax(pg_current_snapshot()))
"""
WHAT_TO_DO = (
    "History comes from a younger future: the primary was put back from a copy, and its sinks would pass over what"
    " happens next. If the copy is the one you want to go on with, run `manage.py rebasehistory`, then start again"
    " (docs/operations.md, After a restore)."
)


class WorkersAtWork(Exception):
    """Their names. They read what is about to be rewritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebased:
    sealed: int
    #: Events that the audit trail will seal now.
    unsealed: int
    #: Audit entries that the replica remembers and that are lost, at least.
    lost: int
    erased: int


def from_the_future() -> bool:
    """See Note [The younger future]. A replica that does not answer is not asked."""
    return bool(_ask(FUTURE)) or _replica_is_ahead()


def rebase() -> Rebased:
    """Make history readable for every sink. May be repeated after any failure.

    :raises WorkersAtWork: and nothing is changed
    """
    if busy := WorkerBeat.objects.filter(at__gt=timezone.now() - timedelta(seconds=health.SILENCE)):
        raise WorkersAtWork(", ".join(sorted(beat.worker for beat in busy)))
    lost = _forget_on_the_replica()
    erasure.bring_back()
    with transaction.atomic(durable=True), history.operation(actor="rebasehistory"):
        limits.extend("default", to=limits.EVERYTHING)
        sealed, unsealed = _rebase()
        _note({"sealed": sealed, "unsealed": unsealed, "lost_entries": lost})
    return Rebased(sealed=sealed, unsealed=unsealed, lost=lost, erased=len(erasure.again()))


def _replica_is_ahead() -> bool:
    try:
        state = ReplicaState.objects.using(REPLICA).filter(pk=1).first()
    except Error as e:
        logger.warning("The replica was not asked whether it is ahead error=%s", e)
        return False
    return state is not None and state.low > int(_ask(NEXT))


def _forget_on_the_replica() -> int:
    """Let it be filled again, and take away the anchors of lost entries. Returns how many are known to be lost."""
    head = AuditEntry.objects.aggregate(seq=Max("seq"))["seq"] or 0
    with transaction.atomic(using=REPLICA, durable=True):
        ahead = AuditAnchor.objects.using(REPLICA).filter(seq__gt=head)
        last = ahead.aggregate(seq=Max("seq"))["seq"] or head
        ahead.delete()
        ReplicaState.objects.using(REPLICA).all().delete()
    if last > head:
        logger.warning("Audit entries lost in the restore after=%d known=%d", head, last - head)
    return int(last - head)


def _rebase() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed, unsealed FROM notifications_rebase_history()")
        sealed, unsealed = cursor.fetchone()
    return sealed, unsealed


def _note(figures: dict[str, int]) -> None:
    last = Event.objects.aggregate(id=Max("id"))["id"] or 0
    changes = {name: [None, figure] for name, figure in figures.items()}
    history.note("history.rebased", model="queueing.event", object_id=last, changes=changes)


def _ask(question: str) -> bool | str:
    with connection.cursor() as cursor:
        cursor.execute(question)
        found: bool | str = cursor.fetchone()[0]
    return found
