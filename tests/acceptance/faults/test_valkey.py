"""Valkey is killed, loses everything, or is not there at all: the desk works on, and screens poll."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

import pytest
from django.core.management import call_command
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from notifications import boards
from tests.acceptance.faults import servers
from tests.acceptance.faults.invariants import check_everything
from tests.acceptance.faults.running import Person, done
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
SCREENS = 20


@pytest.fixture
def valkey(settings):
    with servers.valkey() as server:
        settings.REDIS_URL = server.url
        boards.blocking_client.cache_clear()
        yield server
    boards.blocking_client.cache_clear()


class Screens:
    """Sockets of a display that stay open as long as they are let."""

    def __init__(self, stack, site, number):
        address = f"{site.replace('http', 'ws')}/ws/display/hall/"
        self.open = [stack.enter_context(connect(address, proxy=None)) for _ in range(number)]

    def closed(self, *, seconds):
        """How many of them the server closes within this time."""
        time.sleep(seconds)  # nothing tells that nothing will come
        return sum(is_closed(screen) for screen in self.open)


def is_closed(screen):
    try:
        while True:
            screen.recv(timeout=0)
    except TimeoutError:
        return False
    except ConnectionClosed:
        return True


def seconds_behind(person, service, ticket):
    """Until a screen that polls shows the ticket."""
    began = time.monotonic()
    wait_until(lambda: ticket in person.board(service).json()["waiting"])
    return time.monotonic() - began


def act(person, clinic, number):
    """Issue and call, and say how far a polling screen is behind."""
    assert done(person.issue(clinic.second))
    assert done(person.issue(clinic.first))
    return seconds_behind(person, clinic.first, f"A-{number:03d}")


def test_killed_valkey(clinic, valkey, sofia, start_web, start_worker, report):
    start_worker(REDIS_URL=valkey.url)
    _, site = start_web(REDIS_URL=valkey.url)
    person = Person(sofia, site)
    check_everything()
    with ExitStack() as stack:
        screens = Screens(stack, site, SCREENS)
        valkey.kill()
        behind = max(act(person, clinic, number) for number in range(1, 6))
        assert done(person.call_next(clinic.room))
        closed = screens.closed(seconds=3)
        valkey.start()
        began = time.monotonic()
        check_everything()
        back = time.monotonic() - began
    assert behind < 5
    assert closed == 0
    report(
        "Valkey killed",
        made=f"SIGKILL, {SCREENS} displays open, 11 actions at the desk, then started again",
        expected="0 failed actions, polling screens at most 5 s behind, 0 sockets closed by it, boards back",
        measured=f"0 of 11 failed, {behind:.2f} s behind, {closed} of {SCREENS} closed, boards back in {back:.1f} s",
    )


def test_flushed_valkey(clinic, valkey, sofia, start_web, start_worker, report):
    start_worker(REDIS_URL=valkey.url)
    _, site = start_web(REDIS_URL=valkey.url)
    person = Person(sofia, site)
    assert done(person.issue(clinic.first))
    check_everything()

    with connect(f"{site.replace('http', 'ws')}/ws/display/hall/", proxy=None) as screen:
        boards.blocking_client().flushall()
        began = time.monotonic()
        behind = act(person, clinic, 2)
        check_everything()
        back = time.monotonic() - began
        wait_until(lambda: json.loads(screen.recv(timeout=10))["type"] == "tick")
    assert behind < 5
    report(
        "Valkey flushed",
        made="FLUSHALL with a display open",
        expected="0 failed actions, polling screens at most 5 s behind, boards back, the display hears on",
        measured=f"0 of 2 failed, {behind:.2f} s behind, boards back in {back:.1f} s, the display ticks",
    )


def test_absent_valkey(clinic, sofia, start_web, start_worker, report, redis):
    nowhere = "redis://127.0.0.1:1/0"
    worker = start_worker(REDIS_URL=nowhere)
    _, site = start_web(REDIS_URL=nowhere)
    person = Person(sofia, site)

    behind = max(act(person, clinic, number) for number in range(1, 6))
    assert done(person.call_next(clinic.room))
    status = person.session.get(f"{site}/health", timeout=20).json()["status"]

    assert behind < 5
    assert status == "degraded"
    worker.kill()
    worker.wait()
    call_command("deliver", once=True)
    check_everything()
    report(
        "Valkey never there",
        made="its address leads nowhere",
        expected="0 failed actions, polling screens at most 5 s behind, /health says degraded",
        measured=f"0 of 11 failed, {behind:.2f} s behind, {status}",
    )
