"""The worker process: a carrier for each sink, a listener, and somebody who looks after them."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta

from django.db import Error, connections
from django.utils import timezone

from notifications import retry, wake
from notifications.carrier import Carrier
from notifications.leadership import Leadership
from notifications.models import WorkerBeat
from notifications.sinks import base
from notifications.sinks.audit import AuditSink
from notifications.sinks.push import PushSink
from notifications.sinks.replica import ReplicaSink

logger = logging.getLogger(__name__)

SINKS: Mapping[str, Callable[[], base.Sink]] = {"audit": AuditSink, "replica": ReplicaSink, "push": PushSink}
#: Seconds between two signs of life.
BEAT = 2.0
#: Seconds that a batch has to finish once the process is asked to end.
DEADLINE = 10.0
#: More crashes than this in so many seconds, and the process ends for another one to begin.
CRASHES, MINUTE = 5, 60.0
#: Seconds that `deliver_pending` waits for a leader who has just left.
PATIENCE = 15.0


class Busy(Exception):
    """Another worker reads for this sink."""


class TooManyCrashes(Exception):
    """Sinks crash again and again: a new process may know better, and whoever keeps it should hear of it."""


def own_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def deliver_pending() -> None:
    """Take everything there is to take, in this thread, and return. The first error ends it.

    :raises Busy: if another worker reads for a sink
    """
    for make in SINKS.values():
        sink = make()
        leadership = Leadership(sink.name, worker=own_name())
        try:
            turn = base.Turn(epoch=_lead(leadership))
            while sink.step(turn):
                pass
        finally:
            sink.close()
            leadership.leave()


def _lead(leadership: Leadership) -> int:
    deadline = time.monotonic() + PATIENCE
    while not leadership.take():
        if time.monotonic() > deadline:
            raise Busy(leadership.sink)
        time.sleep(0.1)
    return leadership.epoch


class Worker:
    """All sinks of one process."""

    def __init__(self, sinks: Mapping[str, Callable[[], base.Sink]] = SINKS) -> None:
        self.sinks, self.name = sinks, own_name()
        self.stop = threading.Event()
        self.carriers = {name: self.carrier(name) for name in sinks}
        self.listener = self.ear()
        self.crashes: deque[float] = deque(maxlen=CRASHES + 1)
        #: Of a crashed sink, when it is to begin again.
        self.again_at: dict[str, float] = {}
        self.pause = threading.Event()  # never set: what ends the pause is an exception out of a signal

    def carrier(self, name: str) -> Carrier:
        return Carrier(self.sinks[name](), worker=self.name, stop=self.stop)

    def ear(self) -> wake.Listener:
        return wake.Listener(wake_all=self.wake_all, stop=self.stop)

    def wake_all(self) -> None:
        for carrier in self.carriers.values():
            carrier.woken.set()

    def run(self) -> None:
        """Until an exception interrupts it; then `end`.

        :raises TooManyCrashes: more than 5 in a minute
        """
        for thread in (*self.carriers.values(), self.listener):
            thread.start()
        logger.info("Worker started name=%s sinks=%s", self.name, ",".join(self.sinks))
        while True:
            for carrier in self.carriers.values():
                carrier.leadership.ping()
            self.beat()
            self.revive(time.monotonic())
            self.pause.wait(BEAT)

    def beat(self) -> None:
        """Say that this process lives, and forget those that have said nothing for a day."""
        now = timezone.now()
        try:
            WorkerBeat.objects.update_or_create(worker=self.name, defaults={"at": now, "wake_path": self.listener.path})
            WorkerBeat.objects.filter(at__lt=now - timedelta(days=1)).delete()
        except Error as e:
            logger.warning("Worker could not say that it lives error=%s", e)
            connections.close_all()

    def revive(self, now: float) -> None:
        """Start the carriers again that have crashed, each after a pause that grows; and the listener at once."""
        if not self.listener.is_alive():
            self.listener = self.ear()
            self.listener.start()
        for name in [name for name, carrier in self.carriers.items() if not carrier.is_alive()]:
            if name not in self.again_at:
                self.again_at[name] = now + self.count_crash(now)
            elif now >= self.again_at[name]:
                del self.again_at[name]
                self.carriers[name] = self.carrier(name)
                self.carriers[name].start()

    def count_crash(self, now: float) -> float:
        """Seconds to wait before another start."""
        self.crashes.append(now)
        recent = sum(now - at < MINUTE for at in self.crashes)
        if recent > CRASHES:
            raise TooManyCrashes(f"Sinks crashed {recent} times within {MINUTE:.0f} seconds.")
        return retry.delay(attempt=recent)

    def end(self) -> None:
        """Let every sink finish its batch until the deadline. What is unfinished then is rolled back."""
        self.stop.set()
        self.wake_all()
        end = time.monotonic() + DEADLINE
        for thread in (*self.carriers.values(), self.listener):
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))
        late = [name for name, carrier in self.carriers.items() if carrier.is_alive()]
        self.leave()
        logger.info("Worker ended name=%s unfinished=%s", self.name, ",".join(late) or "none")

    def leave(self) -> None:
        try:
            WorkerBeat.objects.filter(worker=self.name).delete()
        except Error:
            logger.warning("Worker could not say goodbye")
        connections.close_all()
