"""Processes of the clinic with faults, and a person at the desk of one."""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import requests
from django.test import Client

from clinic import env
from tests.processes import wait_until

PROGRAM = (sys.executable, "-m", "tests.acceptance.faults.program")
DAPHNE = ("daphne", "--verbosity", "1", "--ping-interval", "15", "--ping-timeout", "15")


@contextmanager
def program(command, environment, log, *, faults=(), says, **options):
    """A process that has said so in its log."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*PROGRAM, *faults, "--", *command], cwd=env.BASE_DIR, env=environment, stderr=errors, **options
        )
    try:
        wait_until(lambda: says in log.read_text() or process.poll() is not None)
        assert says in log.read_text(), log.read_text()
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait(10)


@contextmanager
def worker(environment, log, *faults):
    with program(["deliver"], environment, log, faults=faults, says="Worker started") as process:
        yield process


@contextmanager
def web(environment, log, *faults):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        fd = [listener.fileno()]
        with program(serving(listener), environment, log, faults=faults, says="Listening", pass_fds=fd) as process:
            yield process, site_of(listener)


def serving(listener):
    """The command of a web process whose address outlives it."""
    return [*DAPHNE, "--fd", str(listener.fileno()), "clinic.asgi:application"]


def site_of(listener):
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


class Person:
    """Signed in at the desk of a web process. Every action has a key of its own unless one is given."""

    #: Seconds for which an answer is waited for.
    patience = 20

    def __init__(self, user, site):
        self.site, self.session = site, requests.Session()
        browser = Client()
        browser.force_login(user)
        session = browser.session
        session.set_expiry(10 * 86_400)  # a test may put the clock on
        session.save()
        token = secrets.token_hex(16)
        self.session.cookies.update({"sessionid": browser.cookies["sessionid"].value, "csrftoken": token})
        self.session.headers.update({"X-CSRFToken": token, "Connection": "close"})

    def issue(self, service, key=None):
        key = key or secrets.token_hex(16)
        return self.post("/desk/issue/", {"service_id": service.pk, "priority": "low", "key": key})

    def call_next(self, room):
        return self.post(f"/desk/rooms/{room.pk}/call-next/", {"key": secrets.token_hex(16)})

    def act(self, ticket, verb, **sent):
        return self.post(f"/desk/tickets/{ticket.pk}/{verb}/", sent)

    def post(self, path, sent):
        return self.session.post(f"{self.site}{path}", data=sent, timeout=self.patience, allow_redirects=False)

    def board(self, service):
        return self.session.get(f"{self.site}/boards/{service.pk}.json", timeout=20)


def done(answer):
    """Whether the desk said that it happened."""
    return answer.status_code == 302 and answer.headers["Location"].startswith("/desk/")


def kept_as(key, purpose="issue"):
    """How the desk keeps the key of a form."""
    return f"{key}-{purpose}"
