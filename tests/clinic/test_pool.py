"""Connections of a web process, when more people press than it has."""

from __future__ import annotations

from copy import deepcopy
from threading import Thread

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


def test_a_busy_pool_is_waited_for_again(wrapper):
    busy, patient = wrapper("busy"), wrapper("busy")
    busy.ensure_connection()
    patient.inc_thread_sharing()
    waiting = Thread(target=patient.ensure_connection)
    waiting.start()
    wait_until(lambda: busy.pool.get_stats().get("requests_errors"))  # once in vain

    busy.close()
    waiting.join()

    assert patient.is_usable()


def test_not_for_ever(wrapper):
    busy, patient = wrapper("busy"), wrapper("busy")
    busy.ensure_connection()

    with pytest.raises(OperationalError, match="couldn't get a connection"):
        patient.ensure_connection()

    assert busy.pool.get_stats()["requests_errors"] == base.TIMES_TO_ASK


def test_a_server_that_is_away_is_asked_once(wrapper):
    nobody = wrapper("nobody", HOST="127.0.0.1", PORT="1")

    with pytest.raises(OperationalError):
        nobody.ensure_connection()

    assert nobody.pool.get_stats()["requests_errors"] == 1
