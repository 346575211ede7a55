"""The web process is killed under 5,000 displays: until all have their boards again, while a person works at the desk.

The displays are sockets of one asyncio process and come back by the rule of static/js/live.js. Their clock starts with
the kill. What the person waits is counted from the first answer after it until the last display is back.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from statistics import median, quantiles
from typing import Any

import django

django.setup()

from bench import doors, watching  # noqa: E402
from bench.people import Person  # noqa: E402
from bench.screens import Screens  # noqa: E402
from queueing.models import Service  # noqa: E402

DISPLAYS = 5_000
#: How many connect at once at the beginning.
ABREAST = 50
#: Seconds between two things that the person does.
PAUSE = 0.2
#: Seconds in which nothing is asked of the clinic, before memory is read.
REST = 6.0
#: Seconds in which the person works before the kill.
WORK = 10.0
PATIENCE = 150.0


def main() -> None:
    watching.raise_limit()
    near, far = multiprocessing.Pipe()
    person = multiprocessing.get_context("spawn").Process(target=work, args=[far], daemon=True)
    person.start()
    far.close()
    assert near.recv() == "ready"
    found, killed_at, all_back_at = asyncio.run(measure(near))
    near.send("stop")
    print(json.dumps({"crowd": found | desk(near.recv(), killed_at, all_back_at)}))


async def measure(person: Connection) -> tuple[dict[str, Any], float, float]:
    """What was found, when the web process was killed, and when the last display was back."""
    screens = Screens(f"127.0.0.1:{os.environ['PORT']}")
    web = watching.pid("daphne")
    empty = watching.memory(web)
    await screens.become(DISPLAYS, abreast=ABREAST)
    await asyncio.sleep(REST)
    full = watching.memory(web)
    person.send("go")
    await asyncio.sleep(WORK)
    screens.shown.clear()
    killed_at = time.time()
    os.kill(web, signal.SIGKILL)
    await screens.all_shown(PATIENCE)
    all_back_at = time.time()
    await screens.close()
    found = {
        "displays": DISPLAYS,
        "bytes_per_socket": round((full - empty) / DISPLAYS),
        "all_back_seconds": round(all_back_at - killed_at, 1),
    }
    return found, killed_at, all_back_at


def work(pipe: Connection) -> None:
    """A person at the desk, in a process of their own: looks and checks in by turns, from go to stop."""
    person = Person(os.getpid(), Service.objects.get(name="Physiotherapy"))
    spent: list[tuple[float, float]] = []
    pipe.send("ready")
    assert pipe.recv() == "go"
    while not pipe.poll(PAUSE):
        for act in (doors.desk, doors.issue):
            began = time.time()
            try:
                spent += [(began, seconds) for seconds in act(person)]
            except (OSError, http.client.HTTPException):
                person.connection.close()  # the web process is away
    pipe.send(spent)


def desk(spent: list[tuple[float, float]], killed_at: float, all_back_at: float) -> dict[str, Any]:
    """What the person waited before the kill, and from the first answer after it until the last display was back."""
    before = [seconds for began, seconds in spent if began + seconds < killed_at]
    answered = min(began + seconds for began, seconds in spent if began + seconds > killed_at)
    after = [seconds for began, seconds in spent if answered < began + seconds and began < all_back_at]
    return {"desk_away_seconds": round(answered - killed_at, 1), "desk_ms": {"before": of(before), "after": of(after)}}


def of(spent: list[float]) -> dict[str, float]:
    return {
        "requests": len(spent),
        "p50": round(median(spent) * 1000),
        "p99": round(quantiles(spent, n=100, method="inclusive")[98] * 1000),
        "longest": round(max(spent) * 1000),
    }


if __name__ == "__main__":
    main()
