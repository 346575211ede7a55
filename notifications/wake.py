"""A hint that there is history to read. It carries no news, and losing it costs a second."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable

import psycopg
from django.db import connection

from notifications import direct, retry
from notifications.models import WorkerBeat

logger = logging.getLogger(__name__)

CHANNEL = "clinic_history"
#: Seconds between two looks at whether to stop.
SLICE = 0.5
#: Seconds between two questions whether the line is still there, and how long an answer may take.
HEARTBEAT, PATIENCE = 10.0, 5.0
#: Seconds between two calls to oneself, whose answer proves that wake-ups arrive.
SELF_PING = 30.0


def wake() -> None:
    """Call after the commit: in a statement of its own, so that no commit waits for the notification."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


class Listener(threading.Thread):
    """Calls `wake_all` whenever anybody wakes, on one connection, until `stop` is set."""

    def __init__(self, *, wake_all: Callable[[], None], stop: threading.Event) -> None:
        super().__init__(name="listener", daemon=True)
        self.wake_all, self.stop = wake_all, stop
        self.failures = 0
        self.token = secrets.token_hex(8)
        self.beaten_at = self.called_at = float("-inf")
        self.answered = False
        #: Whether wake-ups arrive, or sinks find their work by looking.
        self.path = WorkerBeat.WakePath.POLL

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                asyncio.run(self.listen())
            except (psycopg.Error, OSError, TimeoutError) as e:
                self.path = WorkerBeat.WakePath.POLL
                self.failures += 1
                logger.warning("Lost the wake-up line failures=%d error=%s", self.failures, e)
                self.stop.wait(retry.delay(attempt=self.failures))

    async def listen(self) -> None:
        params = direct.worker_params(application="clinic-listener")
        async with await psycopg.AsyncConnection.connect(**params, autocommit=True) as line:
            await self.ask(line, f"LISTEN {CHANNEL}")
            self.failures = 0
            self.called_at = float("-inf")
            self.wake_all()  # whatever was said while nobody listened
            while not self.stop.is_set():
                async for heard in line.notifies(timeout=SLICE, stop_after=1):
                    self.hear(heard.payload)
                await self.look_after(line)

    def hear(self, payload: str) -> None:
        if not payload:
            self.wake_all()
        elif payload == self.token:
            self.path, self.answered = WorkerBeat.WakePath.LISTEN, True

    async def look_after(self, line: psycopg.AsyncConnection) -> None:
        """A line may be cut without a word, or lead through a pooler that passes nothing on."""
        now = time.monotonic()
        if now - self.called_at > SELF_PING:
            if not self.answered:
                self.path = WorkerBeat.WakePath.POLL
            self.called_at, self.answered = now, False
            await self.ask(line, "SELECT pg_notify(%s, %s)", CHANNEL, self.token)
        elif now - self.beaten_at > HEARTBEAT:
            self.beaten_at = now
            await self.ask(line, "SELECT 1")

    async def ask(self, line: psycopg.AsyncConnection, statement: str, *values: str) -> None:
        """
        :raises TimeoutError: without an answer
        """
        await asyncio.wait_for(line.execute(statement, values or None), PATIENCE)
