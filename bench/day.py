"""A whole day by the verbs: 20,000 tickets over 20 services, each issued, called and completed.

So many processes as people press at once, each with a room of its own for every service. At noon as in the evening a
ticket costs the same, if the last thousand tickets take no longer than the first. In the end every line must be sound,
and the audit trail and the replica get the whole day at once.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from notifications import comparison  # noqa: E402
from notifications.sinks.audit import AuditSink  # noqa: E402
from notifications.sinks.replica import ReplicaSink  # noqa: E402
from queueing import history, integrity, tickets  # noqa: E402
from queueing.models import Event, Room, RoomService, Service, Ticket  # noqa: E402

TICKETS = 20_000
SERVICES = 20
PEOPLE = 4
#: Who waits in each line all day long.
WAITING = 10
#: Tickets whose time is compared.
SOME = 1_000
VERBS = 3

FORKED = multiprocessing.get_context("fork")
Rooms = dict[int, int]


def main() -> None:
    User.objects.create_superuser("bench")
    rooms = prepare()
    left = FORKED.Value("i", TICKETS - SERVICES * WAITING)
    done = sorted(work_side_by_side(rooms, left))
    empty_lines(rooms[0])
    assert Ticket.objects.filter(status=Ticket.Status.COMPLETED).count() == Ticket.objects.count() == TICKETS
    problems = [problem for pk in rooms[0] for problem in integrity.validate_queue_integrity(pk).problems]
    assert not problems, problems
    first, last = done[SOME] - done[0], done[-1] - done[-1 - SOME]
    found = {
        "tickets": TICKETS,
        "seconds": round(done[-1] - done[0]),
        "first": round(SOME * VERBS / first, 1),
        "last": round(SOME * VERBS / last, 1),
        "events": Event.objects.count(),
        "seconds_to_deliver": {"audit": drain(AuditSink()), "replica": drain(ReplicaSink())},
    }
    assert comparison.compare() == []
    print(json.dumps({"day": found}))


def prepare() -> list[Rooms]:
    """For each person, the room of each service; and who waits there when the day begins."""
    boss = User.objects.get(username="bench")
    with history.operation("bench.prepared", actor="bench"):
        services = [Service.objects.create(name=f"Service {n}", prefix=chr(ord("A") + n)) for n in range(SERVICES)]
        rooms = [{service.pk: room(f"{service} {person}", service) for service in services} for person in range(PEOPLE)]
    for service in services:
        for _ in range(WAITING):
            tickets.issue(service_id=service.pk, actor=boss, at=timezone.now())
    return rooms


def room(name: str, service: Service) -> int:
    made = Room.objects.create(name=name)
    RoomService.objects.create(room=made, service=service)
    return made.pk


def work_side_by_side(rooms: list[Rooms], left: Any) -> list[float]:
    """When each ticket was done."""
    connections.close_all()
    with FORKED.Pool(PEOPLE, initializer=take_over, initargs=(left,)) as people:
        return [at for times in people.map(work, rooms, chunksize=1) for at in times]


def take_over(left: Any) -> None:
    global LEFT
    LEFT = left


def work(rooms: Rooms) -> list[float]:
    """Somebody comes, somebody is called, until everybody has come."""
    boss, done = User.objects.get(username="bench"), []
    choose = random.Random(rooms[min(rooms)])  # noqa: S311
    while one_more():
        service_id = choose.choice(list(rooms))
        tickets.issue(service_id=service_id, actor=boss, at=timezone.now())
        serve(rooms[service_id], boss)
        done.append(time.monotonic())
    return done


def one_more() -> bool:
    with LEFT.get_lock():
        LEFT.value -= 1
        return bool(LEFT.value >= 0)


def serve(room_id: int, boss: User) -> None:
    called = tickets.call_next(room_id=room_id, actor=boss, at=timezone.now())
    tickets.complete(ticket_id=called.pk, outcome="seen", actor=boss, at=timezone.now())


def empty_lines(rooms: Rooms) -> None:
    boss = User.objects.get(username="bench")
    for service_id, room_id in rooms.items():
        for _ in range(Ticket.objects.waiting().filter(service_id=service_id).count()):
            serve(room_id, boss)


def drain(sink: AuditSink | ReplicaSink) -> float:
    began = time.perf_counter()
    while sink.step():
        pass
    return round(time.perf_counter() - began, 1)


if __name__ == "__main__":
    main()
