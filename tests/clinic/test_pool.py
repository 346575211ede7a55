"""Connections of a web process, when more people press than it has."""

from __future__ import annotations

import contextlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import pytest
from django.db import OperationalError, connections

from clinic.postgresql import base
from tests.processes import wait_until


@pytest.fixture
def wrapper(transactional_db):
    """Of a pool with one connection, that waits for a moment."""
    made = []

    def make(alias, **others):
        found = deepcopy(connections["default"].settings_dict) | others
        found["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 0.2, "reconnect_timeout": 1}
        made.append(base.DatabaseWrapper(found, alias))
        return made[-1]

    yield make
    for each in made:
        each.close()
        each.close_pool()


def got(wrapper):
    with contextlib.suppress(OperationalError):
        wrapper.ensure_connection()
        return wrapper.is_usable()
    return False


def ask(*wrappers):
    """Threads that ask for the one connection, and do not give it back."""
    asking = ThreadPoolExecutor(len(wrappers))
    for wrapper in wrappers:
        wrapper.inc_thread_sharing()
    return [asking.submit(got, wrapper) for wrapper in wrappers]


def timeouts(wrapper):
    return wrapper.pool.get_stats().get("requests_errors", 0)


def test_is_waited_for_again_while_others_get_connections(wrapper, monkeypatch):
    busy, patient = wrapper("busy"), wrapper("busy")
    busy.ensure_connection()
    # Somebody gets one in every wait.
    monkeypatch.setattr(base, "given", Given())

    (answer,) = ask(patient)
    wait_until(lambda: timeouts(busy) > 1)
    busy.close()

    assert answer.result()


def test_is_not_waited_for_for_ever(wrapper, monkeypatch):
    busy, patient = wrapper("busy"), wrapper("busy")
    busy.ensure_connection()
    monkeypatch.setattr(base, "given", Given())

    assert not got(patient)
    assert timeouts(busy) == base.TIMES_TO_ASK


def test_is_waited_for_once_while_nobody_gets_a_connection(wrapper):
    busy, patient, nobody = wrapper("busy"), wrapper("busy"), wrapper("nobody", HOST="127.0.0.1", PORT="1")
    busy.ensure_connection()

    assert not got(patient)
    assert not got(nobody)
    assert timeouts(busy) == timeouts(nobody) == 1


class Given(Counter):
    """One more whenever somebody looks."""

    def __getitem__(self, alias):
        self[alias] = super().__getitem__(alias) + 1
        return super().__getitem__(alias)


def test_what_is_got_is_counted(wrapper):
    before = base.given["counted"]

    wrapper("counted").ensure_connection()

    assert base.given["counted"] == before + 1
