from __future__ import annotations

import threading

import pytest
from django.db import OperationalError

from notifications import carrier, leadership, retry
from notifications.models import Cursor, Delivery
from notifications.sinks import base
from tests.notifications.asink import ASink
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


@pytest.fixture
def start(monkeypatch):
    monkeypatch.setattr(retry, "delay", lambda attempt: 0)
    monkeypatch.setattr(leadership, "PAUSE", 0.0)
    stop, threads = threading.Event(), []

    def start(sink):
        thread = carrier.Carrier(sink, worker="host:1", stop=stop)
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


class TestCarrier:
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
        assert delivery.error == "OperationalError: away"

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
        monkeypatch.setattr(carrier, "POLL", 60)
        sink, again = ASink(), threading.Event()
        step = sink.step

        def woken_meanwhile(turn):
            worked = step(turn)
            if not worked and not again.is_set():
                thread.woken.set()
                again.set()
            elif again.is_set():
                third.set()
            return worked

        third = threading.Event()
        sink.step = woken_meanwhile
        thread = carrier.Carrier(sink, worker="host:1", stop=threading.Event())
        thread.start()

        assert third.wait(5)
        thread.stop.set()
        thread.woken.set()
        thread.join(5)


class TestWhatItTells:
    """Where everybody can see it."""

    def failing(self, start, error, failures):
        sink = ASink(failures=failures, error=error)
        start(sink)
        return sink

    @pytest.mark.parametrize(
        ("error", "failures", "state"),
        [
            (OperationalError("away"), 4, "working"),
            (OperationalError("away"), 1000, "open"),
            (retry.Drift("columns differ: queueing_room.floor"), 1000, "blocked"),
            (retry.Stopped("At event 7 (ticket.called)."), 1000, "stopped"),
        ],
    )
    def test_is_how_it_is_doing(self, start, error, failures, state, monkeypatch):
        told = []
        tell = base.tell
        monkeypatch.setattr(
            base, "tell", lambda sink, word, epoch: (told.append(word.state), tell(sink, word, epoch=epoch))
        )
        self.failing(start, error, failures)

        wait_until(lambda: told.count(state) > 2)
        start.end()

        assert ("half_open" in told) == (state == "open")

    def test_is_not_what_somebody_who_stands_by_meets(self, start, monkeypatch):
        base.take_over("audit", worker="host:0")
        monkeypatch.setattr(leadership.Leadership, "_lock", away)
        thread = start(ASink())

        wait_until(lambda: thread.breaker.failures > 6)

        assert Cursor.objects.get().state == "working"
        assert not Delivery.objects.exists()

    def test_is_that_it_works_again(self, start):
        sink = self.failing(start, OperationalError("away"), 7)
        assert sink.worked.wait(5)

        found = wait_until(lambda: Cursor.objects.filter(sink="audit", failures=0, state="working").first())
        assert (found.error, found.retry_at) == ("", None)

    def test_probes_before_it_tries_once_the_breaker_is_open(self, start):
        sink = self.failing(start, OperationalError("away"), 7)
        assert sink.worked.wait(5)

        assert sink.probed == 3  # after the fifth failure, the sixth and the seventh

    def test_does_not_try_what_the_probe_finds_away(self, start):
        sink = ASink(failures=5)
        sink.probe = away
        thread = start(sink)

        wait_until(lambda: thread.breaker.failures > 8)
        assert len(sink.attempts) == 5

    def test_is_not_hurried_by_a_wake(self, start, monkeypatch):
        monkeypatch.setattr(retry, "delay", lambda attempt: 60)
        sink = ASink(failures=1)
        thread = start(sink)
        wait_until(lambda: thread.breaker.failures)

        for _ in range(100):
            thread.woken.set()

        assert sink.attempts == [1]
        thread.stop.set()


class TestTheCareful:
    """A worker died three times without a batch in between."""

    def test_is_the_next_batch_only(self, start):
        base.cursor("audit")
        Cursor.objects.update(leader="host:0", begun=2)
        sink = ASink()
        thread = start(sink)
        assert sink.worked.wait(5)

        wait_until(lambda: len(sink.attempts) > 1)
        assert sink.careful[:2] == [True, False]
        assert thread.is_alive()

    def test_hears_what_the_last_one_died_of(self, start):
        base.cursor("audit")
        Cursor.objects.update(leader="host:0", begun=3, trying="queueing.ticket 7")
        sink = ASink()
        start(sink)
        assert sink.worked.wait(5)

        assert sink.blamed == "queueing.ticket 7"


def away(*args):
    raise OperationalError("away")
