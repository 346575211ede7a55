"""A PostgreSQL or a Valkey of the test's own, which it may kill, stop and fill up. Nobody else uses it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.core.management import call_command
from django.db import connections

from clinic import bundled, env, folders, processes, programs
from tests.processes import wait_until

# What is tested is the end of processes, not of machines. The log is kept small for the sake of small disks.
POSTGRES = {"fsync": "off", "synchronous_commit": "on", "min_wal_size": "8MB", "max_wal_size": "16MB"}


class Server:
    """`name` is primary, replica or valkey."""

    def __init__(self, name, places, child):
        self.name, self.places, self.child = name, places, child

    def start(self):
        self.child.start()
        return self.wait()

    def wait(self):
        answers = bundled.valkey_answers if self.name == "valkey" else bundled.postgres_answers
        wait_until(lambda: answers(self.places, self.child))
        return self

    def tend(self):
        """Start it again if it has ended, as runclinic does."""
        processes.start_again_when_due(self.child, now=time.monotonic())

    @property
    def url(self):
        return bundled.url(self.places, self.name)

    def family(self):
        """The server and all its backends."""
        return [self.child.process.pid, *children_of(self.child.process.pid)]

    def kill(self):
        """All of it at once: a backend that lived on could still commit, and would be in the way of the next start."""
        os.kill(self.child.process.pid, signal.SIGSTOP)  # it makes no more of them
        family = self.family()
        self.tell(signal.SIGKILL)
        self.child.process.wait()
        wait_until(lambda: not any(map(lives, family)))
        connections.close_all()

    def tell(self, number):
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def freeze(self):
        """From now on it takes connections and never answers."""
        self.tell(signal.SIGSTOP)

    def thaw(self):
        self.tell(signal.SIGCONT)

    def end(self):
        self.thaw()
        self.child.kill_all()


def lives(pid):
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children_of(parent):
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(folder.name))
    return found


@contextmanager
def postgres(name, *, disk=None):
    """An empty database, on a disk of so many bytes of its own if `disk` is given."""
    with own_places() as (ours, places):
        found = programs.find_postgres(bundled.programs_folder(ours))
        with small_disk(places.data(name), places.user, disk):
            step = bundled.initdb(places, name, found)
            step.command = [*step.command, "--no-sync", "--wal-segsize=1"]
            processes.Children().run([step], seconds=60)
            (places.data(name) / "new").rename(places.data(name) / "data")
            child = bundled.server(places, name, found, durable=True)
            child.command = [*child.command, *(part for item in POSTGRES.items() for part in ("-c", "=".join(item)))]
            server = Server(name, places, child).start()
            bundled.create_database(places, name)
            with living(server):
                yield server


@contextmanager
def valkey():
    with own_places() as (ours, places):
        child = bundled.valkey(places, programs.find_valkey(bundled.programs_folder(ours)))
        with living(Server("valkey", places, child).start()) as server:
            yield server


@contextmanager
def living(server):
    try:
        yield server
    finally:
        server.end()


@contextmanager
def own_places():
    """The run's own folders, where the engines' user finds the programs, and a set beside them for one server."""
    ours = folders.prepare(env.home())
    number = sum(1 for _ in ours.engines.glob("own-*")) + 1
    home, engines, sockets = (
        ours.home / f"own-{number}",
        ours.engines / f"own-{number}",
        ours.sockets / f"own-{number}",
    )
    (home / "log").mkdir(parents=True)
    for folder in (engines, sockets):
        folders.make(folder, mode=0o700, user=ours.user)
    yield ours, replace(ours, home=home, engines=engines, sockets=sockets)
    shutil.rmtree(engines / "primary", ignore_errors=True)


@contextmanager
def small_disk(folder, user, size):
    if not size:
        yield
        return
    owner = f"uid={user.pw_uid},gid={user.pw_gid}," if user else ""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"{owner}mode=700,size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def can_mount(folder):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True)
    if mounted.returncode == 0:
        subprocess.run(["umount", folder], check=True)
    return mounted.returncode == 0


def migrate(server, alias):
    with used_as(alias, server):
        call_command("migrate", database=alias, verbosity=0)


@contextmanager
def used_as(alias, server):
    """This process, and those it starts, work on the server's database instead of the test's own."""
    found = connections[alias].settings_dict
    before = {name: found[name] for name in ("HOST", "NAME", "USER")}
    leave(alias)
    found.update(HOST=str(server.places.sockets / server.name), NAME=bundled.DATABASE, USER="postgres")
    try:
        yield
    finally:
        leave(alias)
        found.update(before)


def leave(alias):
    connections[alias].close()
    if "pool" in connections[alias].settings_dict["OPTIONS"]:
        connections[alias].close_pool()
