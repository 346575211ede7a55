"""From a commit to the last of so many displays, beside a bare group_send to the same sockets in turns with it.

The displays are sockets of one asyncio process; web process and worker are those of `make run`. The clock starts when
COMMIT has returned, and stops when the last display has the new board. The bare message has the same length.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import time
from itertools import count
from statistics import median, quantiles
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402
from websockets.asyncio.client import ClientConnection, connect  # noqa: E402
from websockets.typing import Origin  # noqa: E402

from notifications import audience, groups, wake  # noqa: E402
from queueing import board, tickets  # noqa: E402
from queueing.models import Room, Service, Ticket  # noqa: E402

#: Displays -> rounds.
ROUNDS = {100: 200, 1000: 60}
WARM_UP = 20
#: Seconds between two rounds, in which audit and replica finish with the one before.
PAUSE = 0.1
SECONDS = 20
NUMBERS = count()


class Displays:
    """Sockets that say when the last of them has heard what is expected."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.listening: list[asyncio.Task[None]] = []
        self.expected = "nothing"
        self.missing = 0
        self.heard = asyncio.Event()
        self.last = 0.0
        self.length = 0

    async def become(self, number: int) -> None:
        """Open more sockets until there are so many."""
        while len(self.listening) < number:
            address = f"ws://{self.site}/ws/display/hall/"
            socket = await connect(address, origin=Origin(f"http://{self.site}"), compression=None)
            self.listening.append(asyncio.create_task(self.listen(socket)))

    async def listen(self, socket: ClientConnection) -> None:
        async for text in socket:
            now = time.perf_counter()
            if self.expected in str(text):
                self.last, self.length = now, len(text)
                self.missing -= 1
                if not self.missing:
                    self.heard.set()

    def expect(self, part: str) -> None:
        self.expected, self.missing = part, len(self.listening)
        self.heard.clear()

    async def last_heard(self) -> float:
        await asyncio.wait_for(self.heard.wait(), SECONDS)
        return self.last


def main() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # many a machine has 1,024
    boss = User.objects.create_superuser("bench-push")
    called = busy_line(boss)
    print(json.dumps(asyncio.run(measure(boss, called))))


def busy_line(boss: User) -> Ticket:
    """A board as it is at noon: calls and codes as many as it holds. The ticket that is called now."""
    service, room = Service.objects.get(name="Blood tests"), Room.objects.get(name="Blood 1")
    for _ in range(50):
        tickets.issue(service_id=service.pk, actor=boss, at=timezone.now())
    for _ in range(30):
        called = tickets.call_next(room_id=room.pk, actor=boss, at=timezone.now())
        tickets.miss(ticket_id=called.pk, actor=boss, at=timezone.now())
    return tickets.call_next(room_id=room.pk, actor=boss, at=timezone.now())


async def measure(boss: User, called: Ticket) -> dict[str, Any]:
    displays = Displays(f"127.0.0.1:{os.environ['PORT']}")
    found = {}
    for number, rounds in ROUNDS.items():
        await displays.become(number)
        found[str(number)] = summary(*await in_turns(displays, boss, called, rounds))
    for task in displays.listening:
        task.cancel()
    return {"push_ms": found}


async def in_turns(displays: Displays, boss: User, called: Ticket, rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of the pushed and of the bare, without those that warm up."""
    pushed, bare = [], []
    for _ in range(WARM_UP + rounds):
        await asyncio.sleep(PAUSE)
        pushed.append(await push(displays, boss, called))
        await asyncio.sleep(PAUSE)
        bare.append(await send_bare(displays, called.service_id))
    return pushed[WARM_UP:], bare[WARM_UP:]


async def push(displays: Displays, boss: User, called: Ticket) -> float:
    """Milliseconds from the commit of a call to the last display."""
    called.call_count += 1
    displays.expect(f'"{board.call_id(called.pk, called.call_count)}"')
    committed = await asyncio.to_thread(recall, boss, called.pk)
    return (await displays.last_heard() - committed) * 1000


def recall(boss: User, ticket_id: int) -> float:
    """When the commit was done."""
    committed = []
    wake_up = wake.wake

    def note() -> None:
        committed.append(time.perf_counter())
        wake_up()

    wake.wake = note
    try:
        tickets.recall(ticket_id=ticket_id, actor=boss, at=timezone.now())
    finally:
        wake.wake = wake_up
    return committed[0]


async def send_bare(displays: Displays, service_id: int) -> float:
    """Milliseconds from a group_send to the last display."""
    name = f"bare {next(NUMBERS)} "
    text = name.ljust(displays.length, "x")
    displays.expect(name)
    began = time.perf_counter()
    await audience.tell(groups.line(service_id), {"type": "live.text", "text": text})
    return (await displays.last_heard() - began) * 1000


def summary(pushed: list[float], bare: list[float]) -> dict[str, float]:
    return {
        "p50": round(median(pushed), 1),
        "p99": round(quantiles(pushed, n=100)[98], 1),
        "bare_p50": round(median(bare), 1),
        "bare_p99": round(quantiles(bare, n=100)[98], 1),
    }


if __name__ == "__main__":
    main()
