"""Shows history on the screens: each touched board once, stored in Redis and sent to whoever is live."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from notifications import audience, boards, groups, letters, reader, retry
from notifications.boards import Written
from notifications.letters import Failure, Row
from notifications.sinks import base
from queueing import board as queueing_board
from queueing.models import Device

TICK_SECONDS = 5.0
#: Seconds after a board in which screens are left to it, and how often another board may come first.
REST, IN_A_ROW = 0.05, 10
#: Whose board it is.
SERVICE = "queueing.service"
DEVICE = "queueing.device"
#: Redis that takes longer is not there.
PATIENCE_SECONDS = 10.0
#: When these come or go, a screen may have another set of services.
SHAPES = {
    (f"queueing.{model}", action)
    for model in ("service", "displayservice", "display")
    for action in ("insert", "delete", *(["update"] if model != "service" else []))
}


class PushSink:
    name = "push"
    gathers = 0.0

    def __init__(self) -> None:
        self.runner = asyncio.Runner()  # for life: channels would make a loop and connections for every send
        self.pushed: dict[int, int] = {}
        self.ticked_at = float("-inf")
        self.aside: letters.Aside | None = None  # looked up with each tick, not for each push

    def step(self, turn: base.Turn = base.FIRST) -> bool:
        try:
            worked = self.push(turn, apart=turn.careful)
        except Exception as e:
            if retry.fault(e) not in (retry.Fault.POISON, retry.Fault.BUG):
                raise
            worked = self.push(turn, apart=True)
        self.tick()
        return worked

    def push(self, turn: base.Turn, *, apart: bool) -> bool:
        shown = [] if apart else self.show(turn)
        cursor = base.cursor(self.name)
        if not shown and not self.is_behind() and not reader.has_news(low=cursor.low, seen=cursor.snapshot):
            return False
        started_at = timezone.now()
        with reader.by_state(low=cursor.low, seen=cursor.snapshot) as now:
            versions = queueing_board.versions()
            due = self.due(versions)
            fresh, failures = self.read_apart(due, careful=turn.careful) if apart else (self.read(due), [])
            revoked = gone_devices(now)
        letters.park(self.name, failures)
        self.run(publish(fresh, reshaped=bool(now.actions & SHAPES), revoked=revoked))
        self.pushed = versions
        self.settle([*shown, *fresh], failures)
        if now.events:
            batch = base.batch_of(now, low_from=cursor.low, turn=turn, started_at=started_at)
            base.advance(self.name, batch)
        return True

    def show(self, turn: base.Turn) -> list[Written]:
        """Send what is newer before any look at the cursor: people stand in front of it. The batch sends the rest.

        Cursor and delivery wait for a moment in which nothing comes, so that they take no time from the screens.
        """
        shown: list[Written] = []
        for _ in range(IN_A_ROW):
            fresh = self.read(self.due(queueing_board.versions()))
            if fresh:
                self.run(publish(fresh))
                self.pushed.update({board.service_id: board.version for board in fresh})
                shown += fresh
            if not fresh or not turn.rest(REST):
                break
        return shown

    def due(self, versions: dict[int, int]) -> list[int]:
        """Services with a board that is newer than what was pushed, but for one that a worker died of."""
        self.aside = self.aside or letters.Aside(self.name)
        left_out = {row.object_id for row in self.aside.killers}
        changed = [service for service, version in versions.items() if self.pushed.get(service) != version]
        return [service for service in changed if service not in left_out]

    def read(self, services: Iterable[int]) -> list[Written]:
        now = timezone.now()
        return [boards.write(queueing_board.board(service, now)) for service in services]

    def read_apart(self, services: Iterable[int], *, careful: bool) -> tuple[list[Written], list[Failure]]:
        """The boards that can be made, and those that cannot."""
        fresh: list[Written] = []
        failures: list[Failure] = []
        with base.announcing(self.name) if careful else base.unannounced() as say:
            for row in (Row(SERVICE, service) for service in services):
                say(row)
                try:
                    with transaction.atomic():
                        fresh += self.read([row.object_id])
                except Exception as e:
                    if retry.fault(e) not in (retry.Fault.POISON, retry.Fault.BUG):
                        raise
                    failures.append(Failure(row, e))
        return fresh, failures

    def settle(self, fresh: Iterable[Written], failures: Iterable[Failure]) -> None:
        """Close the letters of boards that got through, and see new ones with the next push."""
        if self.aside and (self.aside.letters or failures):
            self.aside.close({Row(SERVICE, written.service_id) for written in fresh}, but=failures)
            self.aside = None

    def is_behind(self) -> bool:
        return queueing_board.versions() != self.pushed

    def tick(self) -> None:
        """Every few seconds tell all screens which versions there are, and notice what Redis has lost."""
        if time.monotonic() - self.ticked_at < TICK_SECONDS:
            return
        kept = self.run(boards.versions())
        for service in [s for s, version in self.pushed.items() if kept.get(s) != version]:
            del self.pushed[service]
        for row in letters.due(self.name):
            self.pushed.pop(row.object_id, None)
        self.aside = None
        self.run(boards.forget(kept.keys() - queueing_board.versions().keys()))
        self.run(send_tick(queueing_board.versions()))
        self.ticked_at = time.monotonic()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self.runner.run(asyncio.wait_for(work, PATIENCE_SECONDS))
        except Exception:
            self.pushed.clear()  # whatever Redis has kept, it gets all boards again
            raise

    def probe(self) -> None:
        self.run(boards.ping())

    def blame(self, thing: str) -> None:
        letters.park_killer(self.name, Row.named(thing))
        self.aside = None

    def close(self) -> None:
        self.runner.run(boards.close())
        self.runner.close()


def gone_devices(now: reader.State) -> set[int]:
    """Screens whose pairing was taken back."""
    touched = set(now.keys.get(DEVICE, []))
    return touched - set(Device.objects.filter(pk__in=touched).values_list("pk", flat=True)) if touched else touched


async def publish(fresh: Sequence[Written], *, reshaped: bool = False, revoked: Iterable[int] = ()) -> None:
    if fresh:
        await boards.store(fresh)
    for board in fresh:
        text = f'{{"type":"board","board":{board.text}}}'
        await _send(groups.line(board.service_id), {"type": "live.text", "text": text})
    for device_id in sorted(revoked):
        await _send(groups.device(device_id), {"type": "live.revoked"})
    if reshaped:
        await _send(groups.TICKS, {"type": "live.reshaped"})


async def send_tick(versions: dict[int, int]) -> None:
    tick = {"type": "tick", "versions": versions, "at": timezone.now().isoformat()}
    await _send(groups.TICKS, {"type": "live.text", "text": json.dumps(tick)})


async def _send(group: str, message: dict[str, str]) -> None:
    await audience.tell(group, message)
