"""Carries history to the sinks: a thread for each, woken on commit, looking by itself every second.

Here is the edge: whatever a step raises is logged, waited out and tried again, and the other sinks never notice.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import Error, connections
from django.utils import timezone

from notifications import retry, wake
from notifications.models import WorkerBeat
from notifications.sinks import base
from notifications.sinks.audit import AuditSink
from notifications.sinks.push import PushSink
from notifications.sinks.replica import ReplicaSink

logger = logging.getLogger(__name__)

#: Seconds after which a sink looks for work that nobody woke it for.
POLL = 1.0
BEAT = 5.0
#: Seconds that a batch has to finish once the process is asked to end.
DEADLINE = 10.0


def sinks() -> list[base.Sink]:
    return [AuditSink(), ReplicaSink(), PushSink()]


def deliver_pending() -> None:
    """Take everything there is to take, in this thread, and return. The first error ends it."""
    for sink in sinks():
        while sink.step():
            pass
        sink.close()


class SinkThread(threading.Thread):
    """Steps of one sink, until `stop` is set."""

    def __init__(self, sink: base.Sink, *, stop: threading.Event) -> None:
        super().__init__(name=sink.name, daemon=True)
        self.sink = sink
        self.stop = stop
        self.woken = threading.Event()
        self.failures = 0

    def run(self) -> None:
        while not self.stop.is_set():
            self.woken.clear()  # before reading: who wakes during the reading is heard after it
            while not self.stop.is_set() and self.attempt():
                pass
            self.woken.wait(POLL)
            self.stop.wait(self.sink.gathers)
        self.sink.close()
        connections.close_all()

    def attempt(self) -> bool:
        """True if it is worth trying again at once."""
        started_at = timezone.now()
        try:
            worked = self.sink.step(attempt=self.failures + 1)
        except base.CursorMoved:
            return True  # another worker was faster
        except Exception as e:
            logger.exception("Step failed sink=%s failures=%d", self.sink.name, self.failures + 1)
            self.fail(e, started_at)
            return True
        self.failures = 0
        return worked

    def fail(self, error: Exception, started_at: datetime) -> None:
        connections.close_all()
        self.failures += 1
        if self.failures == 1:
            try:
                base.record_failure(self.sink.name, error, started_at)
            except Error:
                connections.close_all()
        self.stop.wait(retry.delay(attempt=self.failures))


class Worker:
    """All sinks of one process."""

    def __init__(self, sinks: Sequence[base.Sink]) -> None:
        self.stop = threading.Event()
        self.threads = [SinkThread(sink, stop=self.stop) for sink in sinks]
        self.listener = wake.Listener(flags=[thread.woken for thread in self.threads], stop=self.stop)
        self.name = f"{socket.gethostname()}:{os.getpid()}"[:100]
        self.pause = threading.Event()  # never set: what ends the pause is an exception out of a signal

    def run(self) -> None:
        """Until an exception interrupts it, or a sink's thread has died of a mistake; then `end`."""
        for thread in (*self.threads, self.listener):
            thread.start()
        logger.info("Worker started name=%s sinks=%s", self.name, ",".join(thread.name for thread in self.threads))
        while all(thread.is_alive() for thread in self.threads):
            self.beat()
            self.pause.wait(BEAT)

    def beat(self) -> None:
        """Say that this process lives, and forget those that have said nothing for a day."""
        now = timezone.now()
        try:
            WorkerBeat.objects.update_or_create(worker=self.name, defaults={"at": now})
            WorkerBeat.objects.filter(at__lt=now - timedelta(days=1)).delete()
        except Error as e:
            logger.warning("Worker could not say that it lives error=%s", e)
            connections.close_all()

    def end(self) -> None:
        """Let every sink finish its batch until the deadline. What is unfinished then is rolled back."""
        self.stop.set()
        end = time.monotonic() + DEADLINE
        for thread in self.threads:
            thread.woken.set()
        for each in (*self.threads, self.listener):
            each.join(max(0.0, end - time.monotonic()))
        late = [thread.name for thread in self.threads if thread.is_alive()]
        self.leave()
        logger.info("Worker ended name=%s unfinished=%s", self.name, ",".join(late) or "none")

    def leave(self) -> None:
        try:
            WorkerBeat.objects.filter(worker=self.name).delete()
        except Error:
            logger.warning("Worker could not say goodbye")
        connections.close_all()
