"""A clinic that runs as people run it, on the test databases, and Chromium in front of it.

Whatever a page logs as an error, a broken content policy, or asks of another host fails the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Page, expect, sync_playwright

from notifications import boards
from queueing import history
from queueing.models import Display, DisplayService, Room, RoomService, Service
from tests import programs
from tests.browser.pages import SOON
from tests.processes import database_url, free_port

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "a-long-password-for-tests"
BUILD = "browser-tests"
READY = {"web": "Listening", "worker": "Worker started"}


def pytest_addoption(parser):
    parser.addoption("--write-screens", action="store_true", help="write docs/screens")
    parser.addoption("--look", metavar="FOLDER", help="keep a picture of every screen there")


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True, databases=["default", "replica"]))


# Not for the session: Playwright's event loop would stay in this thread, under tests that make their own.
@pytest.fixture(scope="package")
def chromium():
    path = programs.find(*programs.NEEDED["chromium"])
    if path is None:
        pytest.fail("The browser tests need Chromium; `make test` installs it or says how.")
    # Django would take the thread with that loop for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def collected(tmp_path_factory):
    """A CLINIC_HOME with the static files as they are served outside tests: hashed and compressed."""
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(command, env={**os.environ, **_environment(home), "DEBUG": "0"}, check=True)
    return home


@pytest.fixture
def people(transactional_db):
    """One of each group, with PASSWORD."""
    found = {}
    for group in ("Receptionist", "Clinician", "Supervisor", "Auditor"):
        name, staff = group.lower(), group != "Receptionist"
        found[name] = User.objects.create_user(name, password=PASSWORD, is_staff=staff)
        found[name].groups.add(Group.objects.get(name=group))
    return SimpleNamespace(**found)


@pytest.fixture
def places(transactional_db):
    """Two services, two rooms, and a display in the hall."""
    with history.operation(actor="setup"):
        general = Service.objects.create(name="General practice", prefix="A")
        nurse = Service.objects.create(name="Nurse", prefix="B", names_on_displays=True)
        rooms = [Room.objects.create(name=name) for name in ("Room 1", "Room 2")]
        for room, service in ((rooms[0], general), (rooms[0], nurse), (rooms[1], general)):
            RoomService.objects.create(room=room, service=service)
        hall = Display.objects.create(name="Hall", slug="hall", open_to_all=True)
        for service in (general, nurse):
            DisplayService.objects.create(display=hall, service=service)
    return SimpleNamespace(general=general, nurse=nurse, rooms=rooms, hall=hall)


@dataclass
class Servers:
    """The web process and the worker, which can be taken away and brought back."""

    home: Path
    port: int
    settings: str = "clinic.settings"
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, *names):
        """Side by side, and back when all are ready."""
        commands = {
            "web": ["-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "clinic.asgi:application"],
            "worker": ["manage.py", "deliver"],
        }
        environment = {**os.environ, **_environment(self.home), "DJANGO_SETTINGS_MODULE": self.settings}
        for name in names:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *commands[name]], env=environment, stderr=subprocess.PIPE, text=True
            )
        for name in names:
            errors = self.processes[name].stderr
            assert any(READY[name] in line for line in errors), f"{name} did not start"
            # Nobody reads on; a full pipe would stop the process.
            self.processes[f"{name} log"] = subprocess.Popen(["cat"], stdin=errors, stdout=subprocess.DEVNULL)
            errors.close()

    def kill(self, name):
        for process in (self.processes.pop(name, None), self.processes.pop(f"{name} log", None)):
            if process:
                process.kill()
                process.wait()

    def stop(self):
        for name in READY:
            self.kill(name)


@pytest.fixture
def settings_module():
    """Of the web process and the worker; a module of tests can name another one."""
    return "clinic.settings"


@pytest.fixture
def servers(people, places, collected, settings_module, transactional_db):
    boards.blocking_client().flushdb()
    running = Servers(collected, free_port(), settings_module)
    try:
        running.start("web", "worker")
        yield running
    finally:
        running.stop()


@pytest.fixture
def open_page(chromium: Browser, servers):
    """A page of a browser of its own, signed in as somebody or as nobody; checked for errors at the end."""
    problems: list[str] = []
    with ExitStack() as stack:

        def make(path="/desk/", user=None, expected=(), **options) -> Page:
            context = chromium.new_context(base_url=servers.address, **options)
            stack.callback(context.close)
            page = context.new_page()
            _watch(page, problems, expected)
            if user:
                sign_in(page, user)
            page.goto(path)
            return page

        yield make
    assert not problems


@pytest.fixture
def forgiven():
    """Pieces of the wall's console errors that the test itself provokes."""
    return []


@pytest.fixture
def wall(open_page, forgiven):
    """The wall; `shown` are the calls it reported, `shown_at` the seconds at which it did."""
    shown, shown_at = [], []

    def listen(socket):
        socket.on("framesent", lambda frame: remember(json.loads(frame)))

    def remember(message):
        if message["type"] == "shown":
            shown.append(message["call"])
            shown_at.append(time.monotonic())

    page = open_page("about:blank", expected=forgiven)
    page.on("websocket", listen)
    page.goto("/display/hall/")
    expect(page.locator("body")).to_have_attribute("data-live", "live", timeout=SOON)
    page.shown, page.shown_at = shown, shown_at
    return page


def sign_in(page, user, lands=True):
    page.goto("/sign-in/")
    page.locator("#id_username").fill(user.get_username())  # whatever the language
    page.locator("#id_password").fill(PASSWORD)
    page.locator("main button[type=submit].primary").click()
    if lands:
        page.wait_for_url("**/desk/")
    else:
        page.wait_for_load_state()


def _watch(page, problems, expected):
    """`expected` are pieces of console errors that the test itself provokes."""

    def console(message):
        if message.type == "error" and not any(piece in message.text for piece in expected):
            problems.append(f"{page.url}: {message.text} ({message.location['url']})")

    def request(sent):
        if urlsplit(sent.url).hostname not in ("127.0.0.1", None):
            problems.append(f"asked {sent.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", request)


def _environment(home):
    """What makes another process use this test's databases and Redis."""
    return {
        "DATABASE_URL": database_url("default"),
        "REPLICA_URL": database_url("replica"),
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "CLINIC_HOME": str(home),
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEBUG": "0",
        "HTTPS": "0",
        "BUILD": BUILD,
    }
