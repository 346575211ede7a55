"""A hundred desks press *call next* at one moment, with 5 waiting and with 300: one web process, and two behind nginx.

Each has a session, a room and a connection of its own. Measured is the form's own answer: a redirect after a call, the
whole desk with the reason after a refusal. Both setups are warm, and take turns.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import webs  # noqa: E402
from bench.people import Answer, Person  # noqa: E402
from queueing import history, tickets  # noqa: E402
from queueing.models import Service, Ticket  # noqa: E402

DESKS = 100
WAITING = (5, 300)
ROUNDS = 3
WARM_UP = 1

Pressed = list[tuple[float, Answer]]


def main() -> None:
    boss = User.objects.create_superuser("bench-desks")
    with history.operation("bench.prepared", actor="bench"):
        service = Service.objects.create(name="Vaccinations", prefix="X")
    people = [Person(number, service) for number in range(DESKS)]
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        print(json.dumps(measure(people, boss, webs.entrances(Path(place), stack, behind=(2,)))))


def measure(people: list[Person], boss: User, ports: dict[str, int]) -> dict[str, Any]:
    pressed: dict[str, dict[str, list[Pressed]]] = {str(length): {name: [] for name in ports} for length in WAITING}
    busy = []
    for number in range(WARM_UP + ROUNDS):
        for length in WAITING:
            for name, port in ports.items():
                for person in people:
                    person.go_to(port)
                prepare(people[0].service, boss, length)
                before = busy_ms()
                answers = press(people, length)
                if number >= WARM_UP:
                    pressed[str(length)][name].append(answers)
                    busy += [busy_ms() - before] if length > DESKS else []
    summaries = {
        length: {name: summary(rounds) for name, rounds in by_name.items()} for length, by_name in pressed.items()
    }
    return {"desks": DESKS, "cores": os.cpu_count(), "busy_ms": round(median(busy)), "pressed": summaries}


def press(people: list[Person], waiting: int) -> Pressed:
    """Seconds and answer of each. Every one that was redirected has called a ticket of their own.

    :raises AssertionError: if a ticket was called twice, or somebody got another answer
    """
    pressed = at_once(people)
    called = Ticket.objects.in_room().filter(service=people[0].service).values_list("pk", flat=True)
    answers = Counter((answer.status, answer.refusal) for _, answer in pressed)
    expected = min(waiting, len(people))
    assert len(called) == answers[302, ""] == expected, answers
    assert answers[409, "nobody_waiting"] == len(people) - expected, answers
    return pressed


def prepare(service: Service, boss: User, waiting: int) -> None:
    """Empty rooms, and so many in line."""
    act = {"actor": boss, "at": timezone.now()}
    for ticket in Ticket.objects.in_room().filter(service=service):
        tickets.miss(ticket_id=ticket.pk, **act)
    line = Ticket.objects.waiting().filter(service=service)
    for ticket in line[waiting:]:
        tickets.cancel(ticket_id=ticket.pk, **act)
    for _ in range(waiting - line.count()):
        tickets.issue(service_id=service.pk, **act)


def at_once(people: list[Person]) -> Pressed:
    barrier = threading.Barrier(len(people))
    pressed: Pressed = []

    def press_one(person: Person) -> None:
        barrier.wait()
        began = time.perf_counter()
        answer = person.call_next()
        pressed.append((time.perf_counter() - began, answer))

    threads = [threading.Thread(target=press_one, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pressed


def busy_ms() -> float:
    """Of all cores together, since the machine was started."""
    user, nice, system, *_others = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system) * 1000 / os.sysconf("SC_CLK_TCK")


def summary(rounds: list[Pressed]) -> dict[str, Any]:
    """Of calls and refusals together: whoever presses waits for either."""
    spent = [seconds * 1000 for pressed in rounds for seconds, _ in pressed]
    calls = [sum(answer.status == 302 for _, answer in pressed) for pressed in rounds]
    return {
        "called": calls[0],
        "refused": DESKS - calls[0],
        "p50": round(median(spent)),
        "p99": round(quantiles(spent, n=100)[98]),
    }


if __name__ == "__main__":
    main()
