from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest
from django.core.management import call_command
from django.db import DatabaseError

from notifications import comparison, health, retry, worker
from notifications.models import AuditEntry, Cursor, Delivery, WorkerBeat
from notifications.sinks import base
from queueing.models import Event
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


class ASink:
    """Fails as often as it is told to, then has work once, then none."""

    name = "audit"
    gathers = 0.0

    def __init__(self, *, failures=0, error=None):
        self.failures, self.error = failures, error or DatabaseError("away")
        self.attempts, self.worked, self.closed = [], threading.Event(), False

    def step(self, *, attempt=1):
        self.attempts.append(attempt)
        if len(self.attempts) <= self.failures:
            raise self.error
        if self.worked.is_set():
            return False
        self.worked.set()
        return True

    def close(self):
        self.closed = True


@pytest.fixture
def start(monkeypatch):
    monkeypatch.setattr(retry, "delay", lambda attempt: 0)
    stop, threads = threading.Event(), []

    def start(sink):
        thread = worker.SinkThread(sink, stop=stop)
        threads.append(thread)
        thread.start()
        return thread

    def end():
        stop.set()
        for thread in threads:
            thread.woken.set()
            thread.join(5)

    start.end = end
    yield start
    end()


class TestSinkThread:
    def test_tries_again_and_counts(self, start):
        sink = ASink(failures=2)
        start(sink)

        assert sink.worked.wait(5)
        assert sink.attempts[:3] == [1, 2, 3]

    def test_leaves_word_of_a_failure_once(self, start):
        sink = ASink(failures=3)
        start(sink)

        assert sink.worked.wait(5)
        delivery = Delivery.objects.get(outcome="failed")
        assert delivery.error == "DatabaseError: away"

    def test_counts_no_failure_when_another_worker_was_faster(self, start):
        sink = ASink(failures=1, error=base.CursorMoved("audit"))
        start(sink)

        assert sink.worked.wait(5)
        assert sink.attempts[:2] == [1, 1]
        assert not Delivery.objects.exists()

    def test_closes_its_sink_at_the_end(self, start):
        sink = ASink()
        thread = start(sink)
        assert sink.worked.wait(5)

        start.end()

        assert sink.closed
        assert not thread.is_alive()

    def test_hears_who_wakes_it_while_it_reads(self, start, monkeypatch):
        """The flag is cleared before reading, so a wake during it is not lost until the next poll."""
        monkeypatch.setattr(worker, "POLL", 60)
        sink, again = ASink(), threading.Event()
        step = sink.step

        def woken_meanwhile(*, attempt=1):
            worked = step(attempt=attempt)
            if not worked and not again.is_set():
                thread.woken.set()
                again.set()
            elif again.is_set():
                third.set()
            return worked

        third = threading.Event()
        sink.step = woken_meanwhile
        thread = worker.SinkThread(sink, stop=threading.Event())
        thread.start()

        assert third.wait(5)
        thread.stop.set()
        thread.woken.set()
        thread.join(5)


class TestDeliver:
    def test_once_takes_everything_to_every_sink(self, clinic, desk, redis):
        desk.issue(clinic.first)

        call_command("deliver", once=True)

        assert AuditEntry.objects.count() == Event.objects.count()
        assert comparison.compare() == []
        assert redis.hlen("clinic:boards") == 2
        assert {cursor.sink for cursor in Cursor.objects.all()} == {"audit", "replica", "push"}


@pytest.fixture
def process(environment, redis):
    command = [sys.executable, "manage.py", "deliver"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert any("Worker started" in line for line in process.stderr)
        yield process
        process.kill()


class TestTheProcess:
    def test_carries_a_change_to_every_sink(self, clinic, process, desk, redis):
        desk.issue(clinic.first)

        wait_until(lambda: AuditEntry.objects.count() == Event.objects.count())
        wait_until(lambda: comparison.compare() == [])
        wait_until(lambda: "A-001" in (redis.hget("clinic:boards", str(clinic.first.pk)) or ""))
        wait_until(lambda: health.worker()["state"] == "ok")

    @pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
    def test_ends_as_asked(self, clinic, process, desk, name):
        for _ in range(20):
            desk.issue(clinic.first)
        process.send_signal(signal.Signals[name])

        assert process.wait(12) == 0
        assert "unfinished=none" in process.stderr.read()
        assert not WorkerBeat.objects.exists()
        seqs = list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))

    def test_goes_on_where_a_killed_one_stopped(self, clinic, process, desk, redis):
        desk.issue(clinic.first)
        process.kill()
        process.wait(5)
        desk.issue(clinic.second)

        call_command("deliver", once=True)

        assert AuditEntry.objects.count() == Event.objects.count()
        assert comparison.compare() == []
