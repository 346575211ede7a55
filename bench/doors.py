"""Forms of the desk, sent by 16 people at once to the processes of `make run`.

Measured is the form's own answer, a redirect; the page behind it is measured apart (`desk`). Each call is followed by
the no-show that frees its room: that one counts neither as a call nor in the latencies, but its time does.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import threading
import time
from collections.abc import Callable
from statistics import median, quantiles
from urllib.parse import urlencode

import django

django.setup()

from django.db import connection  # noqa: E402

from clinic import env  # noqa: E402
from queueing import history  # noqa: E402
from queueing.models import Room, RoomService, Service, Ticket  # noqa: E402

CLIENTS = 16
SECONDS = 20.0
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Person:
    """One browser with one connection, and a room of their own."""

    def __init__(self, number: int, sign_in: dict[str, str], service: Service) -> None:
        self.port = int(os.environ["PORT"])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.cookies: dict[str, str] = {}
        self.service = service
        self.room = make_room(f"Bench {number}", service)
        self.send("POST", "/sign-in/", self.token("/sign-in/") | sign_in)
        self.fields = self.token("/desk/")

    def token(self, path: str) -> dict[str, str]:
        status, page = self.send("GET", path)
        found = TOKEN.search(page)
        assert status == 200 and found, f"{path} answered {status}"
        return {"csrfmiddlewaretoken": found[1]}

    def send(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request(method, path, urlencode(fields or {}) if fields else None, headers)
        answer = self.connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.read().decode()

    def post(self, path: str, **fields: str) -> float:
        """Seconds until the redirect was there."""
        began = time.perf_counter()
        status, page = self.send("POST", path, self.fields | fields)
        assert status == 302, f"{path} answered {status}: {page[:500]}"
        return time.perf_counter() - began

    def issue(self) -> float:
        return self.post("/desk/issue/", service_id=str(self.service.pk), priority="low")

    def call(self) -> float:
        spent = self.post(f"/desk/rooms/{self.room.pk}/call-next/")
        called = Ticket.objects.in_room().get(room=self.room)
        connection.close()  # back to the pool, which is smaller than the crowd
        self.post(f"/desk/tickets/{called.pk}/miss/")
        return spent

    def desk(self) -> float:
        began = time.perf_counter()
        status, _ = self.send("GET", "/desk/")
        assert status == 200
        return time.perf_counter() - began


def make_room(name: str, service: Service) -> Room:
    with history.operation("bench.prepared", actor="bench"):
        room = Room.objects.create(name=name)
        RoomService.objects.create(room=room, service=service)
    return room


def at_once(people: list[Person], act: Callable[[Person], float]) -> tuple[float, dict[str, float]]:
    """Acts per second, and the milliseconds of one."""
    spent: list[float] = []
    end = time.perf_counter() + SECONDS

    def work(person: Person) -> None:
        while time.perf_counter() < end:
            spent.append(act(person))

    threads = [threading.Thread(target=work, args=[person]) for person in people]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(spent) / (time.perf_counter() - began)
    p95 = quantiles(spent, n=20)[18]
    return round(rate, 1), {"p50": round(median(spent) * 1000, 1), "p95": round(p95 * 1000, 1)}


def main() -> None:
    sign_in = json.loads((env.home() / "sign-ins.json").read_text())["receptionist"]
    service = Service.objects.get(name="Physiotherapy")
    people = [Person(number, sign_in, service) for number in range(1, CLIENTS + 1)]
    rates, milliseconds = {}, {}
    for name, act in (("desk", Person.desk), ("issue", Person.issue), ("call", Person.call)):
        rates[name], milliseconds[name] = at_once(people, act)
    print(json.dumps({"http_per_second": rates, "http_ms": milliseconds}))


if __name__ == "__main__":
    main()
