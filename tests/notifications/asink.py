"""A sink that does what its test wants."""

from __future__ import annotations

import threading

from django.db import OperationalError

from notifications.sinks import base


class ASink:
    """Fails as often as it is told to, then has work once, then none."""

    name = "audit"
    gathers = 0.0

    def __init__(self, *, failures=0, error=None):
        self.failures, self.error = failures, error or OperationalError("away")
        self.attempts, self.worked, self.closed = [], threading.Event(), False
        self.probed, self.blamed, self.careful = 0, None, []

    def step(self, turn=base.FIRST):
        self.attempts.append(turn.attempt)
        self.careful.append(turn.careful)
        if len(self.attempts) <= self.failures:
            raise self.error
        if self.worked.is_set():
            return False
        self.worked.set()
        return True

    def probe(self):
        self.probed += 1

    def blame(self, thing):
        self.blamed = thing

    def close(self):
        self.closed = True
