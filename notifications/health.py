"""How everybody who hears of history is doing. Every look is bounded in time, and a failure is an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypedDict, TypeVar

import psycopg
import redis
from django.db import Error, transaction
from django.utils import timezone

from notifications import activity, boards, direct, holder, progress
from notifications.models import AuditEntry, Comparison, WorkerBeat

logger = logging.getLogger(__name__)

#: Seconds that one look may take.
PATIENCE = 2.0
#: Seconds after which a worker that says nothing counts as gone.
SILENCE = 15.0

Answer = TypeVar("Answer")


class WorkerHealth(TypedDict):
    last_beat: str | None
    state: str
    #: Of workers that live; listen or poll, listen if any of them listens.
    names: list[str]
    wake_path: str | None


class Head(TypedDict):
    seq: int
    hash: str


class Compared(TypedDict):
    at: str
    differences: int
    repaired: bool


class Primary(TypedDict):
    """What the primary knows."""

    sinks: dict[str, progress.Progress]
    worker: WorkerHealth
    horizon: holder.Holder | None
    chain_head: Head | None
    last_comparison: Compared | None


class Report(Primary):
    channel_layer: str
    replica: str
    #: Entries that this process has lost.
    activity_dropped: int


NO_WORKER = WorkerHealth(last_beat=None, state="none", names=[], wake_path=None)
UNKNOWN = Primary(
    sinks=dict.fromkeys(progress.SINKS, progress.UNKNOWN),
    worker=NO_WORKER,
    horizon=None,
    chain_head=None,
    last_comparison=None,
)


def report(*, ask_primary: bool = True) -> Report:
    """States are ok or down; a worker's are ok, silent or none. What the primary does not tell is None.

    Who knows already that the primary is away need not wait for it again.
    """
    return {
        **(_ask(primary, otherwise=UNKNOWN) if ask_primary else UNKNOWN),
        "channel_layer": _ask(channel_layer, otherwise="down"),
        "replica": _ask(replica, otherwise="down"),
        "activity_dropped": activity.writer.dropped,
    }


def primary() -> Primary:
    """One look in one transaction, so that its limit holds for all, and a primary that is away is waited for once."""
    with transaction.atomic():
        return Primary(
            sinks=progress.of_all(),
            worker=worker(),
            horizon=holder.find(),
            chain_head=chain_head(),
            last_comparison=last_comparison(),
        )


def worker() -> WorkerHealth:
    last = WorkerBeat.objects.order_by("-at").first()
    if last is None:
        return NO_WORKER
    fresh = WorkerBeat.objects.filter(at__gt=timezone.now() - timedelta(seconds=SILENCE)).order_by("worker")
    paths = {beat.worker: beat.wake_path for beat in fresh}
    listen, poll = WorkerBeat.WakePath.LISTEN.value, WorkerBeat.WakePath.POLL.value
    return WorkerHealth(
        last_beat=last.at.isoformat(),
        state="ok" if paths else "silent",
        names=list(paths),
        wake_path=(listen if listen in paths.values() else poll) if paths else None,
    )


def chain_head() -> Head | None:
    head = AuditEntry.objects.order_by("-seq").first()
    return Head(seq=head.seq, hash=head.hash) if head else None


def last_comparison() -> Compared | None:
    last = Comparison.objects.order_by("-at").first()
    return Compared(at=last.at.isoformat(), differences=last.differences, repaired=last.repaired) if last else None


def replica() -> str:
    asyncio.run(asyncio.wait_for(_ask_replica(), PATIENCE))
    return "ok"


def channel_layer() -> str:
    boards.blocking_client().ping()
    return "ok"


async def _ask_replica() -> None:
    """Not through Django: no time limit of a server helps when the server hangs."""
    params = direct.params("replica", application="clinic-health")
    async with await psycopg.AsyncConnection.connect(**params) as line:
        await line.execute("SELECT low FROM notifications_replicastate")


def _ask(look: Callable[[], Answer], *, otherwise: Answer) -> Answer:
    try:
        return look()
    except (Error, psycopg.Error, redis.RedisError, OSError, TimeoutError) as e:
        logger.warning("Health look failed look=%s error=%s: %s", look.__name__, type(e).__name__, e)
        return otherwise
