"""Who reads for a sink: one worker at a time. The others stand by.

Note [A lock in an open transaction]
The lock belongs to a transaction that stays open as long as its holder leads, on a connection of its own. It ends with
that connection, however the holder ends. A pooler keeps a transaction on one server connection, where it would leave
the lock of a session behind. Without a write the transaction holds nobody else back.
PostgreSQL itself ends a transaction that says nothing for SILENCE, so a worker that hangs is not waited for.

Note [Epoch]
A lock only keeps others from beginning. Whoever lost it without noticing is stopped by the epoch: each take-over
counts it up, and a cursor moves only for the worker that carries the latest one.
"""

from __future__ import annotations

import logging
import time

import psycopg
from django.db import Error
from psycopg import sql

from notifications import direct, limits
from notifications.models import Cursor
from notifications.sinks import base

logger = logging.getLogger(__name__)

#: So that no other program on this database takes the same lock by chance.
CLASS = 0x636C696E
LOCK = sql.SQL("SELECT pg_try_advisory_xact_lock({}, hashtext({}))")
SILENCE = "8s"
#: Seconds between two questions whether the lock is free.
PAUSE = 1.0


class Leadership:
    """Of one sink, held or wanted by one worker. `ping` may be called from another thread."""

    def __init__(self, sink: str, *, worker: str) -> None:
        self.sink, self.worker = sink, worker
        self.line: psycopg.Connection | None = None
        self.held = False
        self.epoch = 0
        self.asked_at = float("-inf")

    def take(self) -> Cursor | None:
        """Ask for the lead, now and then. The cursor as it was found, if this worker leads from now on.

        :raises psycopg.Error: if the primary cannot be asked
        """
        if time.monotonic() - self.asked_at < PAUSE:
            return None
        self.asked_at = time.monotonic()
        if not self._lock():
            return None
        cursor = base.take_over(self.sink, worker=self.worker)
        self.held, self.epoch = True, cursor.epoch
        logger.info("Leads sink=%s worker=%s epoch=%d", self.sink, self.worker, self.epoch)
        return cursor

    def ping(self) -> None:
        """Say that this worker still leads. Call well within SILENCE; whom it fails has lost the lead."""
        if not self.held or self.line is None:
            return
        try:
            self.line.execute("SELECT 1")
        except psycopg.Error as e:
            logger.warning("Lost the lead sink=%s error=%s", self.sink, e)
            self.drop()

    def drop(self) -> None:
        """Lead no more; the next `take` asks anew."""
        self.held, line, self.line = False, self.line, None
        if line is not None:
            line.close()

    def leave(self) -> None:
        """The same, as somebody who did not die."""
        try:
            if self.held:
                base.leave(self.sink, epoch=self.epoch)
        except Error as e:
            logger.warning("Could not take leave sink=%s error=%s", self.sink, e)
        finally:
            self.drop()

    def _lock(self) -> bool:
        """See Note [A lock in an open transaction]."""
        try:
            if self.line is None:
                self.line = psycopg.connect(**direct.worker_params(application=f"clinic-leader-{self.sink}"))
            self.line.execute(limits.EXTEND, {"limit": SILENCE, "idle": SILENCE})
            # Without parameters: the portal of a statement with some would hold a snapshot until the next statement.
            found = self.line.execute(LOCK.format(CLASS, self.sink))
            if found.fetchone() == (True,):
                return True
            self.line.rollback()
        except psycopg.Error:
            self.drop()
            raise
        return False
