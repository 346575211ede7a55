"""Processes and servers that may be killed, and a line about each fault for docs/faults.md."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack

import pytest
from django.core.management import call_command

from clinic import env
from tests.acceptance.faults import running, servers, table
from tests.notifications.conftest import clinic, desk, environment, on_replica, redis, sink

__all__ = ["clinic", "desk", "environment", "on_replica", "redis", "sink"]

# Elsewhere there is no /proc to find the backends of a server in.
collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]
#: Holds a small clinic, and is soon full.
DISK = "96m"


def pytest_addoption(parser):
    parser.addoption("--write-faults", action="store_true", help="write docs/faults.md")


@pytest.fixture(scope="session")
def lines(pytestconfig):
    return pytestconfig.stash.setdefault(table.LINES, [])


@pytest.fixture
def report(lines):
    """Tell what was done, what has to come of it, and what was measured."""

    def report(fault, *, made, expected, measured):
        lines.append((fault, made, expected, measured))
        print(f"{fault}: {measured}")  # noqa: T201

    return report


def pytest_sessionfinish(session, exitstatus):
    if exitstatus == 0 and session.config.getoption("--write-faults", default=False):
        (env.BASE_DIR / "docs" / "faults.md").write_text(table.page(session.config.stash.get(table.LINES, [])))


@pytest.fixture
def starts(tmp_path):
    """Ends what was started, the last first."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def logs(tmp_path):
    """A new file for each process."""
    numbers = iter(range(1, 100))
    return lambda: tmp_path / f"{next(numbers)}.log"


@pytest.fixture
def start_worker(starts, environment, logs):
    return lambda *faults, **others: starts.enter_context(running.worker(environment | others, logs(), *faults))


@pytest.fixture
def start_web(starts, environment, logs):
    """Its process and its address."""
    return lambda *faults, **others: starts.enter_context(running.web(environment | others, logs(), *faults))


@pytest.fixture(scope="session")
def can_fill_a_disk(tmp_path_factory):
    """Whether the test's own primary stands on a small disk: that takes root."""
    return servers.can_mount(tmp_path_factory.mktemp("disk"))


@pytest.fixture(scope="session")
def own_primary(django_db_setup, django_db_blocker, can_fill_a_disk):
    with servers.postgres("primary", disk=DISK if can_fill_a_disk else None) as server, django_db_blocker.unblock():
        servers.migrate(server, "default")
        yield server


@pytest.fixture
def primary(transactional_db, own_primary, redis):
    """A server that may be killed; this test and the processes it starts with its URL work on it."""
    with servers.used_as("default", own_primary):
        yield own_primary
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="session")
def own_replica(django_db_setup, django_db_blocker):
    with servers.postgres("replica") as server, django_db_blocker.unblock():
        servers.migrate(server, "replica")
        yield server


@pytest.fixture
def replica(transactional_db, own_replica):
    """The same for the replica."""
    with servers.used_as("replica", own_replica):
        yield own_replica
        call_command("flush", database="replica", interactive=False, verbosity=0)


@pytest.fixture
def live(environment):
    """How a sink's life with a fault ended."""
    command = [sys.executable, "-m", "tests.acceptance.faults.rounds"]
    with subprocess.Popen(
        command, cwd=env.BASE_DIR, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:

        def live(sink, fault):
            process.stdin.write(f"{sink} {fault}\n")
            return int(process.stdout.readline())

        yield live
        process.stdin.close()
