"""Shows history on the screens: each touched board once, stored in Redis and sent to whoever is live."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Iterable
from typing import Any

from channels.layers import get_channel_layer
from django.utils import timezone

from notifications import boards, groups, reader
from notifications.models import Cursor
from notifications.sinks import base
from queueing import board as queueing_board
from queueing.board import Board

TICK_SECONDS = 5.0
#: Redis that takes longer is not there.
PATIENCE_SECONDS = 10.0
#: When these come or go, a screen may have another set of services.
SHAPES = {
    (f"queueing.{model}", action)
    for model in ("service", "displayservice", "display")
    for action in ("insert", "delete", *(["update"] if model == "displayservice" else []))
}


class PushSink:
    name = "push"
    gathers = 0.0

    def __init__(self) -> None:
        self.runner = asyncio.Runner()  # for life: channels would make a loop and connections for every send
        self.pushed: dict[int, int] = {}
        self.ticked_at = float("-inf")

    def step(self, *, attempt: int = 1) -> bool:
        worked = self.push(base.cursor(self.name), attempt=attempt)
        self.tick()
        return worked

    def push(self, cursor: Cursor, *, attempt: int) -> bool:
        if not self.is_behind() and not reader.has_news(low=cursor.low, seen=cursor.snapshot):
            return False
        started_at = timezone.now()
        with reader.by_state(low=cursor.low, seen=cursor.snapshot) as now:
            versions = queueing_board.versions()
            due = [service for service, version in versions.items() if self.pushed.get(service) != version]
            fresh = [queueing_board.board(service, started_at) for service in due]
        self.run(publish(fresh, reshaped=bool(now.actions & SHAPES)))
        self.pushed = versions
        if now.events:
            batch = base.Batch(
                low_from=cursor.low,
                low_to=now.low,
                events=now.events,
                bytes=now.bytes,
                attempt=attempt,
                started_at=started_at,
                snapshot=now.snapshot,
            )
            base.advance(self.name, batch)
        return True

    def is_behind(self) -> bool:
        return queueing_board.versions() != self.pushed

    def tick(self) -> None:
        """Every few seconds tell all screens which versions there are, and notice what Redis has lost."""
        if time.monotonic() - self.ticked_at < TICK_SECONDS:
            return
        kept = self.run(boards.versions())
        for service in [s for s, version in self.pushed.items() if kept.get(s) != version]:
            del self.pushed[service]
        self.run(boards.forget(kept.keys() - queueing_board.versions().keys()))
        self.run(send_tick(queueing_board.versions()))
        self.ticked_at = time.monotonic()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self.runner.run(asyncio.wait_for(work, PATIENCE_SECONDS))
        except Exception:
            self.pushed.clear()  # whatever Redis has kept, it gets all boards again
            raise

    def close(self) -> None:
        self.runner.run(boards.close())
        self.runner.close()


async def publish(fresh: Iterable[Board], *, reshaped: bool) -> None:
    fresh = list(fresh)
    if fresh:
        await boards.store(fresh)
    for board in fresh:
        text = f'{{"type":"board","board":{boards.as_text(board)}}}'
        await _send(groups.line(board["service"]["id"]), {"type": "live.text", "text": text})
    if reshaped:
        await _send(groups.TICKS, {"type": "live.reshaped"})


async def send_tick(versions: dict[int, int]) -> None:
    tick = {"type": "tick", "versions": versions, "at": timezone.now().isoformat()}
    await _send(groups.TICKS, {"type": "live.text", "text": json.dumps(tick)})


async def _send(group: str, message: dict[str, str]) -> None:
    await get_channel_layer().group_send(group, message)
