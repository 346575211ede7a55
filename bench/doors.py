"""Forms of the desk, sent by 16 people at once to the processes of `make run`.

Measured is the form's own answer, a redirect; the page behind it is measured apart (`desk`). Each call is followed by
the no-show that frees its room: that one counts neither as a call nor in the latencies, but its time does.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from statistics import median, quantiles

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.people import Answer, Person  # noqa: E402
from queueing import tickets  # noqa: E402
from queueing.models import Service, Ticket  # noqa: E402

CLIENTS = 16
SECONDS = 20.0

Act = Callable[[Person], list[float]]


def desk(person: Person) -> list[float]:
    return [timed(200, lambda: person.get("/desk/"))]


def issue(person: Person) -> list[float]:
    return [timed(302, person.issue)]


def call(person: Person) -> list[float]:
    spent = timed(302, person.call_next)
    called = Ticket.objects.in_room().get(room=person.room)
    connection.close()  # back to the pool, which is smaller than the crowd
    timed(302, lambda: person.miss(called.pk))
    return [spent]


def timed(expected: int, send: Callable[[], Answer]) -> float:
    """Seconds until the answer was there."""
    began = time.perf_counter()
    answer = send()
    spent = time.perf_counter() - began
    assert answer.status == expected, f"answered {answer.status}: {answer.page[:500]}"
    return spent


def at_once(people: list[Person], act: Act, seconds: float) -> tuple[float, list[float]]:
    """Acts per second, and the seconds of every answer."""
    spent: list[list[float]] = []
    end = time.perf_counter() + seconds

    def work(person: Person) -> None:
        while time.perf_counter() < end:
            spent.append(act(person))

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(spent) / (time.perf_counter() - began), [answer for answers in spent for answer in answers]


def milliseconds(spent: list[float]) -> dict[str, float]:
    return {"p50": round(median(spent) * 1000, 1), "p95": round(quantiles(spent, n=20)[18] * 1000, 1)}


def main() -> None:
    service = Service.objects.get(name="Physiotherapy")
    people = [Person(number, service) for number in range(CLIENTS)]
    found: dict[str, dict[str, object]] = {"http_per_second": {}, "http_ms": {}}
    for act in (desk, issue, call):
        rate, spent = at_once(people, act, SECONDS)
        found["http_per_second"][act.__name__] = round(rate, 1)
        found["http_ms"][act.__name__] = milliseconds(spent)
    print(json.dumps(found))
    empty(service)


def empty(service: Service) -> None:
    """Who still waits would make the desk of the next bench slow."""
    boss = User.objects.create_superuser("bench-doors")
    for ticket in Ticket.objects.waiting().filter(service=service):
        tickets.cancel(ticket_id=ticket.pk, actor=boss, at=timezone.now())


if __name__ == "__main__":
    main()
