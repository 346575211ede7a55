"""The clinic that is proved: servers, web processes and workers of its own, each of which may be killed."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import count
from pathlib import Path

import django
from django.db import connections

from clinic import bundled, databases, env, processes
from tests.acceptance.clinics import OWN
from tests.acceptance.faults import running, servers
from tests.processes import wait_until

#: What a web process and a worker say when they are ready.
SAYS = {"web": "Listening", "worker": "Worker started"}
#: A copy of the clinic before anybody came, which nobody writes to.
SEEDED = "seeded"


class Part:
    """A web process or a worker that is started again after it was killed, each time with a log of its own."""

    def __init__(self, name, command, environment, folder, *, faults=(), fds=()):
        self.name, self.command, self.environment, self.folder = name, command, environment, folder
        self.faults, self.fds, self.stack, self.lives = faults, fds, ExitStack(), count(1)

    def start(self):
        """Does not wait until it is ready."""
        self.stack.close()
        self.log = self.folder / f"{self.name}-{next(self.lives)}.log"
        options = {"faults": self.faults, "says": "", "pass_fds": self.fds, "stdout": subprocess.DEVNULL}
        options["preexec_fn"] = processes.dies_with_parent(signal.SIGKILL)
        begun = running.program(self.command, self.environment, self.log, **options)
        self.process = self.stack.enter_context(begun)

    @property
    def is_ready(self):
        return not self.has_ended and SAYS[self.name.partition("-")[0]] in self.log.read_text()

    @property
    def has_ended(self):
        return self.process.poll() is not None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def tell(self, number):
        self.process.send_signal(number)

    def end(self):
        self.stack.close()


class House:
    """`servers` by name, `parts` by name, `sites`: the addresses of the web processes."""

    def __init__(self, folder, found):
        self.folder, self.servers, self.parts, self.sites = folder, found, {}, []
        self.environment = {**os.environ, "DATABASE_URL": worker_url(found["primary"]), "PYTHONUNBUFFERED": "1"}

    @contextmanager
    def open(self, *, webs=2, workers=2, web_faults=(), worker_faults=()):
        """With processes that have these faults, ready for people; they end with the block."""
        with ExitStack() as stack:
            self.parts, self.sites = {}, []
            for number in range(1, webs + 1):
                listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
                self.sites.append(running.site_of(listener))
                self.add(f"web-{number}", running.serving(listener), faults=web_faults, fds=[listener.fileno()])
            for number in range(1, workers + 1):
                self.add(f"worker-{number}", ["deliver"], faults=worker_faults)
            for part in self.parts.values():
                stack.callback(part.end)
                part.start()
            self.wait_ready()
            yield self

    def add(self, name, command, **options):
        self.parts[name] = Part(name, command, self.environment, self.folder, **options)

    def wait_ready(self):
        wait_until(lambda: all(part.is_ready or part.has_ended for part in self.parts.values()))
        for part in self.parts.values():
            assert part.is_ready, part.log.read_text()

    def keep_as_seeded(self):
        self.remake(f"CREATE DATABASE {SEEDED} TEMPLATE {bundled.DATABASE}")

    def empty(self):
        """As it was before anybody came, also its rules."""
        drop = f"DROP DATABASE {bundled.DATABASE} WITH (FORCE)"
        self.remake(drop, f"CREATE DATABASE {bundled.DATABASE} TEMPLATE {SEEDED}")

    def remake(self, *statements):
        """On both servers, from outside the clinic's database."""
        connections.close_all()
        for alias, name in (("default", "primary"), ("replica", "replica")):
            connections[alias].close_pool()
            with bundled.connect(self.servers[name].places, name) as line:
                for statement in statements:
                    line.execute(statement)


def worker_url(primary):
    """Who works may not alter tables."""
    return bundled.url(primary.places, "primary", user=env.runtime_role())


@contextmanager
def house():
    """Servers with an empty clinic of four services, four rooms and four people. Everything ends with the block."""
    with tempfile.TemporaryDirectory(prefix="clinic-proof-", ignore_cleanup_errors=True) as place, ExitStack() as stack:
        Path(place).chmod(0o755)  # as root, the engines run as another user
        found = start(stack, Path(place) / "home")
        django.setup()
        import_module("tests.proof.seed").fill()  # it knows models
        logs = Path(place) / "logs"
        logs.mkdir()
        yield House(logs, found)
        for alias in connections:
            servers.leave(alias)


def start(stack, home):
    """The servers, and the environment in which Django finds them, as their owner."""
    env.Reader.ENVIRON.env = os.environ  # nothing of a clinic that runs in this checkout
    for name in OWN:
        os.environ.pop(name, None)
    os.environ |= {"CLINIC_HOME": str(home), "HTTPS": "0", "SECRET_KEY": secrets.token_urlsafe(50)}
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    databases.POOL["max_size"] = 50  # here each client has a connection of its own to look at the lines
    found = {name: stack.enter_context(servers.postgres(name)) for name in ("primary", "replica")}
    found["valkey"] = stack.enter_context(servers.valkey())
    bundled.create_role(found["primary"].places, "primary")
    os.environ |= {variable: found[name].url for variable, name in bundled.ENGINES.items()}
    return found
