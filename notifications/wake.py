"""A hint that there is history to read. It carries no news, and losing it costs a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

import psycopg
from django.db import connection

from notifications import direct, retry

logger = logging.getLogger(__name__)

CHANNEL = "clinic_history"
#: Seconds between two looks at whether to stop.
SLICE = 0.5


def wake() -> None:
    """Call after the commit: in a statement of its own, so that no commit waits for the notification."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


class Listener(threading.Thread):
    """Sets every flag whenever anybody wakes, on one connection, until `stop` is set."""

    def __init__(self, *, flags: Iterable[threading.Event], stop: threading.Event) -> None:
        super().__init__(name="listener", daemon=True)
        self.flags = list(flags)
        self.stop = stop
        self.failures = 0

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.listen()
            except (psycopg.Error, OSError) as e:
                self.failures += 1
                logger.warning("Lost the wake-up line failures=%d error=%s", self.failures, e)
                self.stop.wait(retry.delay(attempt=self.failures))

    def listen(self) -> None:
        with psycopg.connect(**direct.params("default", application="clinic-listener"), autocommit=True) as line:
            line.execute(f"LISTEN {CHANNEL}")
            self.failures = 0
            self.wake_all()  # whatever was said while nobody listened
            while not self.stop.is_set():
                for _ in line.notifies(timeout=SLICE, stop_after=1):
                    self.wake_all()

    def wake_all(self) -> None:
        for flag in self.flags:
            flag.set()
