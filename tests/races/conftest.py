"""Threads on real connections. A barrier lets them go at once; each gives back what it got or why it was refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection

from queueing.models.services import LineQuerySet
from tests.conftest import NINE
from tests.proof import bugs


@pytest.fixture
def at_once():
    def at_once(*acts):
        """Run the acts in a thread each; their results or exceptions, in their order."""
        start = Barrier(len(acts), timeout=10)

        def run(act):
            try:
                start.wait()
                return act()
            except Exception as error:  # what it was is the result
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(len(acts)) as threads:
            return list(threads.map(run, acts))

    return at_once


@pytest.fixture
def without_the_lock(monkeypatch):
    """The negative control: lines are read, not locked."""
    monkeypatch.setattr(LineQuerySet, "locked", bugs.unlocked)


@pytest.fixture
def superuser(make_user):
    """Permissions of a superuser cost no query, so that the threads meet at the line."""
    return make_user("root", is_superuser=True)


@pytest.fixture
def act(superuser):
    return {"actor": superuser, "at": NINE}


@pytest.fixture
def meet(monkeypatch, request):
    """Make two threads wait for each other after this function has read what it reads.

    Where a lock keeps one of them away, not for long; where none does, until both are there, however slow the machine.
    """
    patience = 10 if "without_the_lock" in request.fixturenames else 0.5

    def meet(module, name, parties=2):
        barrier, original = Barrier(parties, timeout=patience), getattr(module, name)

        def read_then_wait(*args, **kwargs):
            result = original(*args, **kwargs)
            with suppress(BrokenBarrierError):  # the other one waits for the lock, as it should
                barrier.wait()
            return result

        monkeypatch.setattr(module, name, read_then_wait)

    return meet
