"""The web process and the worker as they really run, on a real Redis."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
from websockets.sync.client import connect

from notifications import progress
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]


@contextmanager
def running(command, environment, *, says, **options):
    with subprocess.Popen(
        [sys.executable, *command], env=environment, stderr=subprocess.PIPE, text=True, **options
    ) as process:
        try:
            assert any(says in line for line in process.stderr)
            yield process
        finally:
            process.terminate()


@pytest.fixture
def web(environment, redis):
    """Its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = ["-m", "daphne", "--fd", str(listener.fileno()), "clinic.asgi:application"]
        with running(command, environment, says="Listening", pass_fds=[listener.fileno()]):
            yield f"ws://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def worker(environment, clinic):
    """Once it has told of the clinic itself: a new display asks every screen to come back."""
    with running(["manage.py", "deliver"], environment, says="Worker started") as process:
        wait_until(lambda: progress.of_all()["push"]["pending_events"] == 0)
        yield process


def said(screen, kind, *, seconds=10):
    """The next message of this kind."""
    while (message := json.loads(screen.recv(timeout=seconds)))["type"] != kind:
        pass
    return message


class TestADisplay:
    def test_shows_a_call_while_it_idles_for_twenty_seconds(self, clinic, web, worker, desk):
        """Only ticks come in between, and the socket stays the same one."""
        desk.issue(clinic.first)
        with connect(f"{web}/ws/display/hall/", proxy=None) as screen:
            said(screen, "board")
            ticks = [said(screen, "tick") for _ in range(5)]
            desk.call_next(clinic.room)
            board = said(screen, "board")["board"]

        assert len({tick["at"] for tick in ticks}) == 5
        assert [call["code"] for call in board["calls"]] == ["A-001"]

    def test_stays_while_nobody_ticks(self, clinic, web):
        with connect(f"{web}/ws/display/hall/", proxy=None) as screen:
            said(screen, "board")
            with pytest.raises(TimeoutError):
                said(screen, "tick", seconds=20)

            screen.send(json.dumps({"type": "look", "service": clinic.first.pk}))
            screen.ping().wait(5)

    def test_hears_again_after_redis_was_flushed_and_its_lines_were_cut(self, clinic, web, worker, desk, redis):
        with connect(f"{web}/ws/display/hall/", proxy=None) as screen:
            said(screen, "tick")
            redis.flushall()
            redis.client_kill_filter(_type="pubsub")
            redis.client_kill_filter(_type="normal", skipme=True)
            desk.issue(clinic.first)
            tick = said(screen, "tick", seconds=20)
            screen.send(json.dumps({"type": "look", "service": clinic.first.pk}))

            assert said(screen, "board")["board"]["version"] == tick["versions"][str(clinic.first.pk)]
