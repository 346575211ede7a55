"""A log of what changes no row. Whoever logs never waits and never fails; what cannot be kept is counted."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from datetime import datetime
from typing import Any

from django.db import DataError, Error, IntegrityError, close_old_connections, connections
from django.utils import timezone

from notifications import retry
from notifications.models import Activity

logger = logging.getLogger(__name__)

#: Entries that wait in memory at most.
LIMIT = 10_000
BATCH = 500
#: Seconds that the end of the process waits for the writer.
DEADLINE = 3.0
#: Of the database, when an entry itself is at fault.
REFUSALS = (DataError, IntegrityError)

#: When, kind, actor, detail.
Entry = tuple[datetime, str, str, dict[str, Any]]


class Writer:
    """One thread of this process that writes, started by the first entry and again whenever it is found dead."""

    def __init__(self, *, limit: int = LIMIT) -> None:
        self.limit = limit
        self.reset()

    def reset(self) -> None:
        """Begin anew: after a fork the thread is not there, and the entries are the parent's to write."""
        self.pid = os.getpid()
        self.waiting: deque[Entry] = deque()
        self.arrived = threading.Event()
        self.halt = threading.Event()
        self.written = threading.Condition()
        self.starting = threading.Lock()
        self.thread: threading.Thread | None = None
        self.writing = 0
        self.dropped = 0

    def put(self, entry: Entry) -> None:
        if self.pid != os.getpid():
            self.reset()
        if len(self.waiting) >= self.limit:
            self.dropped += 1
            return
        self.waiting.append(entry)
        self.arrived.set()
        if self.thread is None or not self.thread.is_alive():
            self.start()

    def start(self) -> None:
        with self.starting:
            if not self.halt.is_set() and (self.thread is None or not self.thread.is_alive()):
                self.thread = threading.Thread(target=self.run, name="activity", daemon=True)
                self.thread.start()

    def run(self) -> None:
        while self.waiting or not self.halt.is_set():
            self.arrived.wait(1)
            self.arrived.clear()
            while self.waiting:
                self.write()
        connections.close_all()

    def write(self) -> None:
        self.writing = min(BATCH, len(self.waiting))
        try:
            self.save([_row(*self.waiting.popleft()) for _ in range(self.writing)])
        finally:
            with self.written:
                self.writing = 0
                self.written.notify_all()

    def save(self, batch: list[Activity]) -> None:
        """What the database refuses is dropped and counted, and nothing beside it."""
        try:
            self.insist(batch)
        except Exception as e:
            if len(batch) == 1:
                self.dropped += 1
                # Nothing that the entry holds: it may be what somebody typed.
                logger.error("Activity dropped at=%s error=%s", batch[0].at.isoformat(), type(e).__name__)
            else:
                middle = len(batch) // 2
                self.save(batch[:middle])
                self.save(batch[middle:])

    def insist(self, batch: list[Activity]) -> None:
        """Until it succeeds, or the process ends.

        :raises Exception: when an entry is to blame; then nothing was written
        """
        failures = 0
        while not self.insert(batch):
            failures += 1
            if self.halt.wait(retry.delay(attempt=failures)):
                self.dropped += len(batch)
                return

    def insert(self, batch: list[Activity]) -> bool:
        """False if it is not the entries' fault."""
        try:
            close_old_connections()
            Activity.objects.bulk_create(batch)
        except REFUSALS:
            raise
        except Error as e:
            logger.warning("Activity waits entries=%d error=%s: %s", len(batch), type(e).__name__, e)
            connections.close_all()
            return False
        close_old_connections()
        return True

    def flush(self, *, deadline: float = DEADLINE) -> bool:
        """Wait until everything is written, at most this many seconds. True if it is."""
        end = time.monotonic() + deadline
        with self.written:
            while self.waiting or self.writing:
                if (left := end - time.monotonic()) <= 0:
                    return False
                self.written.wait(min(left, 0.05))
        return True

    def stop(self) -> None:
        """Write what waits until the deadline, count the rest."""
        if self.pid != os.getpid() or self.thread is None:
            return
        self.halt.set()
        self.arrived.set()
        if not self.flush():
            self.dropped += len(self.waiting) + self.writing
        if self.dropped:
            logger.warning("Activity lost entries=%d", self.dropped)


writer = Writer()
atexit.register(lambda: writer.stop())


def log_activity(kind: str, *, actor: str = "", **detail: Any) -> None:
    """Remember that something happened. Returns in microseconds, raises nothing.

    `detail` goes into a JSON column. Never put personal data or a password into it.
    """
    writer.put((timezone.now(), kind, actor, detail))


def _row(at: datetime, kind: str, actor: str, detail: dict[str, Any]) -> Activity:
    # str(), because what is wrong must fail where a batch is halved, and not here, where it would take the batch along.
    return Activity(at=at, kind=str(kind)[:40], actor=str(actor)[:150], detail=detail)
