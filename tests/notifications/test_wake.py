from __future__ import annotations

import os
import signal
import threading

import psycopg
import pytest
from django.db import transaction

from notifications import direct, wake
from queueing.models import Room
from tests.processes import wait_until


def wakes():
    return [callback for _, callback, _ in transaction.get_connection().run_on_commit if callback is wake.wake]


def write(name):
    return Room.objects.create(name=name)


class TestASignal:
    def test_wakes_once_per_transaction_however_many_events(self, db):
        write("Room 1")
        write("Room 2")

        assert len(wakes()) == 1

    def test_wakes_although_the_first_event_was_rolled_back(self, db):
        with transaction.atomic():
            write("Room 1")
            transaction.set_rollback(True)
        assert wakes() == []

        write("Room 2")

        assert len(wakes()) == 1

    def test_wakes_once_when_the_first_event_was_in_a_savepoint(self, db):
        with transaction.atomic():
            write("Room 1")
        write("Room 2")

        assert len(wakes()) == 1

    def test_leaves_the_action_a_success_when_waking_fails(self, db, monkeypatch, django_capture_on_commit_callbacks):
        monkeypatch.setattr(wake, "CHANNEL", None)  # pg_notify(NULL) is an error

        with django_capture_on_commit_callbacks(execute=False):
            write("Room 1")

        (robust,) = [robust for _, callback, robust in transaction.get_connection().run_on_commit]
        assert robust


@pytest.mark.django_db(transaction=True)
class TestListener:
    @pytest.fixture
    def flag(self):
        return threading.Event()

    @pytest.fixture
    def listener(self, flag):
        stop = threading.Event()
        listener = wake.Listener(wake_all=flag.set, stop=stop)
        listener.start()
        assert flag.wait(5)  # on connecting, for what was said before
        flag.clear()
        yield listener
        stop.set()
        listener.join(5)

    def test_hears_a_commit(self, listener, flag):
        write("Room 1")

        assert flag.wait(5)

    def test_comes_back_and_wakes_everybody_when_its_line_is_cut(self, listener, flag):
        with psycopg.connect(**direct.params("default", application="test"), autocommit=True) as admin:
            cut = admin.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE application_name = 'clinic-listener' AND datname = current_database()"
            ).fetchone()

        assert cut == (1,)
        assert flag.wait(5)
        flag.clear()
        write("Room 1")
        assert flag.wait(5)

    def test_proves_that_wakes_arrive(self, listener):
        wait_until(lambda: listener.path == "listen")

    def test_wakes_nobody_by_proving_it(self, listener, flag, monkeypatch):
        monkeypatch.setattr(wake, "SELF_PING", 0.0)
        wait_until(lambda: listener.path == "listen")
        listener.path = "poll"
        wait_until(lambda: listener.path == "listen")

        assert not flag.is_set()

    def test_leaves_a_line_that_no_longer_answers(self, listener, flag, monkeypatch):
        """As where a network swallows everything: no error, and no answer."""
        wait_until(lambda: listener.path == "listen")
        silent = backend()
        monkeypatch.setattr(wake, "PATIENCE", 0.5)
        try:
            os.kill(silent, signal.SIGSTOP)
        except (PermissionError, ProcessLookupError):
            pytest.skip("the server is not a process of ours")
        try:
            monkeypatch.setattr(wake, "HEARTBEAT", 0.1)

            assert flag.wait(10)  # on another line
            assert backend() != silent
        finally:
            os.kill(silent, signal.SIGCONT)


def backend():
    """The youngest one that listens."""
    with psycopg.connect(**direct.params("default", application="test"), autocommit=True) as admin:
        (pid,) = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'clinic-listener'"
            " AND datname = current_database() ORDER BY backend_start DESC LIMIT 1"
        ).fetchone()
    return pid
