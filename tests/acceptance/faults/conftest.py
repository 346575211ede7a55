"""Processes and servers that may be killed, and a line about each fault for docs/faults.md."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from clinic import env
from tests.acceptance.faults import running, table
from tests.notifications.conftest import clinic, desk, environment, redis

__all__ = ["clinic", "desk", "environment", "redis"]


def pytest_addoption(parser):
    parser.addoption("--write-faults", action="store_true", help="full sizes, and write docs/faults.md")


@pytest.fixture(scope="session")
def in_full(pytestconfig):
    """Whether to take the sizes that docs/faults.md promises; otherwise smaller ones, for time's sake."""
    return pytestconfig.getoption("--write-faults", default=False)


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
