"""The same forms behind nginx (deploy/nginx.conf), with 1, 2 and 4 web processes, beside one without nginx.

One round is: a ticket is issued, called, and noted as a no-show, by 16 people at once in one line. Setups take turns.
Web processes, PostgreSQL, worker and clients share the cores: more processes than cores have nothing to gain.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import django

django.setup()

from bench import doors, proxy  # noqa: E402
from bench.people import Person  # noqa: E402
from clinic import startup  # noqa: E402
from queueing.models import Service  # noqa: E402

BEHIND = (1, 2, 4)
ROUNDS = 3
SECONDS = 6.0
WARM_UP = 2.0


def main() -> None:
    people = [Person(number, Service.objects.get(name="Nurse")) for number in range(doors.CLIENTS)]
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        print(json.dumps(measure(people, entrances(Path(place), stack, BEHIND))))


def entrances(place: Path, stack: contextlib.ExitStack, behind: Sequence[int]) -> dict[str, int]:
    """Name of each setup -> the port where people come in. Without nginx there is only the direct one."""
    found = {"direct": int(os.environ["PORT"])}
    if not proxy.NGINX:
        print("Left out: two and more need nginx (on Debian and Ubuntu: apt install nginx-light).", file=sys.stderr)
        return found
    webs = [stack.enter_context(web()) for _ in range(max(behind))]
    for number in behind:
        folder, port = place / str(number), proxy.free_port()
        folder.mkdir()
        stack.enter_context(proxy.nginx(proxy.configure(folder, webs[:number], port=port), port))
        found[str(number)] = port
    return found


@contextlib.contextmanager
def web() -> Iterator[int]:
    """A web process more; its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        fd = listener.fileno()
        command = [sys.executable, *startup.WEB, "--fd", str(fd), "clinic.asgi:application"]
        with subprocess.Popen(command, pass_fds=[fd], stderr=subprocess.DEVNULL) as process:
            try:
                yield listener.getsockname()[1]
            finally:
                process.terminate()


def measure(people: list[Person], ports: dict[str, int]) -> dict[str, Any]:
    rates: dict[str, list[float]] = {name: [] for name in ports}
    spent: dict[str, list[float]] = {name: [] for name in ports}
    for number in range(ROUNDS + 1):
        for name, port in ports.items():
            for person in people:
                person.go_to(port)
            rate, answers = doors.at_once(people, issue_and_call, SECONDS if number else WARM_UP)
            if number:
                rates[name].append(rate)
                spent[name] += answers
    middle = {name: round(sorted(each)[ROUNDS // 2], 1) for name, each in rates.items()}
    return {"per_second": middle, "ms": {name: doors.milliseconds(each) for name, each in spent.items()}}


def issue_and_call(person: Person) -> list[float]:
    return [*doors.issue(person), *doors.call(person)]


if __name__ == "__main__":
    main()
