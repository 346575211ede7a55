"""What web process and worker grow by in an hour of a busy clinic, pressed into minutes.

The hour is the busiest of `simulateday`: 32 arrive, each is issued, called, started and completed, 128 actions. Here 43
come, and each is issued, called and marked as a no-show. After each action five desks load their page again, as their
four rooms and the reception do. Fifty displays hear every board, and each loses its socket four times.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import Any

import django

django.setup()

from bench import doors, watching  # noqa: E402
from bench.people import Person  # noqa: E402
from bench.screens import Screens  # noqa: E402
from queueing.models import Service  # noqa: E402

PATIENTS, DESKS, DISPLAYS, LOSSES = 43, 5, 50, 4
#: Of the whole; it is faster than the hour, never slower than the clinic.
SECONDS = 200.0
#: Of the patients, after whom everything has happened once.
WARM = 0.2
WATCHED = {"web": "daphne", "worker": "deliver"}


def main() -> None:
    person = Person(os.getpid(), Service.objects.get(name="Physiotherapy"))
    print(json.dumps({"memory": asyncio.run(measure(person))}))


async def measure(person: Person) -> dict[str, Any]:
    screens = Screens(f"127.0.0.1:{os.environ['PORT']}")
    await screens.become(DISPLAYS, abreast=DISPLAYS)
    began, warm, losses = time.monotonic(), round(PATIENTS * WARM), 0
    found: dict[str, dict[str, int]] = {}
    for number in range(1, PATIENTS + 1):
        actions, pages = await asyncio.to_thread(treat, person)
        while losses < number * DISPLAYS * LOSSES // PATIENTS:
            await screens.lose(losses % DISPLAYS)
            losses += 1
        await asyncio.sleep(max(0.0, began + number * SECONDS / PATIENTS - time.monotonic()))
        if number in (warm, PATIENTS):
            found["warm" if number == warm else "end"] = {name: held(word) for name, word in WATCHED.items()}
    spent = time.monotonic() - began
    await screens.close()
    load = {"actions": actions * PATIENTS, "pages": pages * PATIENTS, "displays": DISPLAYS, "reconnects": losses}
    return {"seconds": round(spent), **load, **found}


def held(word: str) -> int:
    """Bytes of that process now."""
    return watching.memory(watching.pid(word))


def treat(person: Person) -> tuple[int, int]:
    """One patient, and what all desks look at meanwhile; so many actions, and pages."""
    for act, pages in ((doors.issue, DESKS), (doors.call, 2 * DESKS)):
        act(person)
        for _ in range(pages):
            doors.desk(person)
    return 3, 3 * DESKS


if __name__ == "__main__":
    main()
