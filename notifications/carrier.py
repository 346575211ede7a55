"""Carries history to one sink: a thread that takes steps while this worker leads.

Here is the edge: what a step raises is judged by `retry`, waited out and tried again, and the other sinks never notice.
Only a mistake in the program ends the thread; `worker` then starts another.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.db import Error, connections
from django.utils import timezone

from notifications import retry
from notifications.leadership import Leadership
from notifications.models import Cursor
from notifications.sinks import base

logger = logging.getLogger(__name__)

#: Seconds after which a sink looks for work that nobody woke it for.
POLL = 1.0


class Carrier(threading.Thread):
    """Steps of one sink, until `stop` is set."""

    def __init__(self, sink: base.Sink, *, worker: str, stop: threading.Event) -> None:
        super().__init__(name=sink.name, daemon=True)
        self.sink, self.stop = sink, stop
        self.woken = threading.Event()
        self.leadership = Leadership(sink.name, worker=worker)
        self.breaker = retry.Breaker()
        self.error, self.told = "", Cursor.State.WORKING
        self.careful = False

    def run(self) -> None:
        try:
            self.carry()
        except Exception as e:
            logger.exception("Sink crashed sink=%s", self.sink.name)
            self.tell(Cursor.State.WORKING, error=retry.describe(e))
        finally:
            self.end()

    def carry(self) -> None:
        while not self.stop.is_set():
            self.woken.clear()  # before reading: who wakes during the reading is heard after it
            while not self.stop.is_set() and self.attempt():
                pass
            self.woken.wait(POLL)
            self.stop.wait(self.sink.gathers)

    def attempt(self) -> bool:
        """True if it is worth trying again at once. What it raises is a mistake in the program."""
        started_at = timezone.now()
        try:
            return self.leads() and self.step()
        except base.CursorMoved as e:
            logger.warning("Another one was faster sink=%s", e)
            self.leadership.leave()
            return True
        except Exception as e:
            if retry.fault(e) is retry.Fault.BUG:
                raise
            self.fail(e, started_at)
            return True

    def leads(self) -> bool:
        if self.leadership.held:
            return True
        if (found := self.leadership.take()) is None:
            return False
        self.careful = found.begun >= base.DEATHS
        if found.trying:
            self.sink.blame(found.trying)
        return True

    def step(self) -> bool:
        if self.breaker.is_open:
            self.probe()
        turn = base.Turn(
            attempt=self.breaker.failures + 1, epoch=self.leadership.epoch, careful=self.careful, rest=self.rest
        )
        worked = self.sink.step(turn)
        if self.breaker.failures:
            self.breaker.succeeded()
            self.tell(Cursor.State.WORKING)
        self.careful = self.careful and not worked
        return worked

    def rest(self, seconds: float) -> bool:
        """Within a step, which then reads again: True if somebody wakes meanwhile."""
        woken = self.woken.wait(seconds)
        self.woken.clear()
        return woken

    def probe(self) -> None:
        if self.told is Cursor.State.OPEN:
            self.tell(Cursor.State.HALF_OPEN, error=self.error)
        self.sink.probe()

    def fail(self, error: Exception, started_at: datetime) -> None:
        """Leave word, and wait: no wake gets past this."""
        connections.close_all()
        seconds = self.breaker.failed()
        self.error = retry.describe(error)
        logger.warning("Step failed sink=%s failures=%d error=%s", self.sink.name, self.breaker.failures, self.error)
        if self.breaker.failures == 1 and self.leadership.held:
            self.record(error, started_at)
        self.tell(self.state(error), error=self.error, seconds=seconds)
        self.stop.wait(seconds)

    def state(self, error: Exception) -> Cursor.State:
        if isinstance(error, retry.Stopped):
            return Cursor.State.STOPPED
        if retry.fault(error) is retry.Fault.DRIFT:
            return Cursor.State.BLOCKED
        return Cursor.State.OPEN if self.breaker.is_open else Cursor.State.WORKING

    def record(self, error: Exception, started_at: datetime) -> None:
        try:
            base.record_failure(self.sink.name, error, started_at)
        except Error:
            connections.close_all()

    def tell(self, state: Cursor.State, *, error: str = "", seconds: float | None = None) -> None:
        """Where everybody can see it, if this worker leads and the primary is there to keep it."""
        self.told, word = state, base.Word(state, self.breaker.failures, error, seconds)
        try:
            base.tell(self.sink.name, word, epoch=self.leadership.epoch)
        except Error:
            connections.close_all()

    def end(self) -> None:
        try:
            self.leadership.leave()
            self.sink.close()
        except Exception as e:
            logger.warning("Sink did not close sink=%s error=%s", self.sink.name, e)
        connections.close_all()
