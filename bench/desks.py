"""A hundred desks press *call next* at one moment, at the processes of `make run`: with 5 waiting, and with 300.

Each has a session, a room and a connection of its own. Measured is the form's own answer: a redirect after a call, the
whole desk with the reason after a refusal.
"""

from __future__ import annotations

import json
import threading
import time
from statistics import median, quantiles
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.people import Answer, Person  # noqa: E402
from queueing import history, tickets  # noqa: E402
from queueing.models import Service, Ticket  # noqa: E402

DESKS = 100
FEW, MANY = 5, 300
ROUNDS = 3


def main() -> None:
    boss = User.objects.create_superuser("bench-desks")
    with history.operation("bench.prepared", actor="bench"):
        service = Service.objects.create(name="Vaccinations", prefix="X")
    people = [Person(number, service) for number in range(DESKS)]
    few = press(people, boss, FEW)
    many = [press(people, boss, MANY) for _ in range(ROUNDS)]
    print(json.dumps({"desks": DESKS, "few": summary(few), "many": summary(*many)}))


def press(people: list[Person], boss: User, waiting: int) -> list[tuple[float, Answer]]:
    """Seconds and answer of each; every one that was redirected has called another ticket."""
    service = people[0].service
    for _ in range(waiting - Ticket.objects.waiting().filter(service=service).count()):
        tickets.issue(service_id=service.pk, actor=boss, at=timezone.now())
    pressed = at_once(people)
    called = Ticket.objects.in_room().filter(service=service).values_list("pk", flat=True)
    assert len(called) == min(waiting, len(people)) == sum(answer.status == 302 for _, answer in pressed)
    for ticket_id in called:
        tickets.miss(ticket_id=ticket_id, actor=boss, at=timezone.now())
    return pressed


def at_once(people: list[Person]) -> list[tuple[float, Answer]]:
    barrier = threading.Barrier(len(people))
    pressed: list[tuple[float, Answer]] = []

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


def summary(*rounds: list[tuple[float, Answer]]) -> dict[str, Any]:
    """Of calls and refusals together: whoever presses waits for either."""
    spent = [seconds for pressed in rounds for seconds, _ in pressed]
    answers = [answer for pressed in rounds for _, answer in pressed]
    return {
        "called": sum(answer.status == 302 for answer in answers) // len(rounds),
        "refused": sum(answer.refusal == "nobody_waiting" for answer in answers) // len(rounds),
        "p50": round(median(spent) * 1000, 1),
        "p99": round(quantiles(spent, n=100)[98] * 1000, 1),
    }


if __name__ == "__main__":
    main()
