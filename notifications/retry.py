"""The one policy for errors: what kind each is, how long to wait, and when to stop asking for a while."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from enum import Enum

import django.db
import psycopg
import redis

BASE_SECONDS = 0.25
CAP_SECONDS = 30.0
#: Failures in a row after which nothing but a cheap question is tried.
LIMIT = 5


class Fault(Enum):
    #: The other side is away, busy or in our way: the same thing will work later.
    TRANSIENT = "transient"
    #: The tables are not what this program knows: it will work once somebody has migrated.
    DRIFT = "drift"
    #: This row, and no other, cannot be taken.
    POISON = "poison"
    #: A mistake in the program.
    BUG = "bug"


class Drift(Exception):
    """Both sides of a copy have different columns."""


class Stopped(Exception):
    """There is one thing that cannot be taken and must not be skipped. Says which, and why."""


# Classes are two characters; docs: PostgreSQL, appendix A.
TRANSIENT_STATES = ("08", "28", "3D", "53", "57", "58", "XX", "40001", "40P01", "55P03", "25006", "25P03", "25P04")
DRIFT_STATES = ("42P01", "42703", "42804", "428C9", "42501")
POISON_STATES = ("22", "23", "54")
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, redis.RedisError, OSError)
UNFIT = (psycopg.DataError, psycopg.IntegrityError, UnicodeError)


def fault(error: BaseException) -> Fault:
    """By SQLSTATE where the server gave one, else by class. An error of Django's is judged by what caused it."""
    if isinstance(error, Drift | Stopped):
        return Fault.DRIFT if isinstance(error, Drift) else Fault.POISON
    for found in _causes(error):
        if state := getattr(found, "sqlstate", None):
            return _of_state(state)
        if isinstance(found, AWAY):
            return Fault.TRANSIENT
        if isinstance(found, UNFIT):
            return Fault.POISON
    return Fault.TRANSIENT if isinstance(error, django.db.OperationalError | django.db.InterfaceError) else Fault.BUG


def sqlstate(error: BaseException) -> str | None:
    return next((found.sqlstate for found in _causes(error) if isinstance(found, psycopg.Error)), None)


def describe(error: BaseException) -> str:
    """Class, code and the server's sentence. Never its detail, which holds values of rows."""
    if isinstance(error, Drift | Stopped):
        return str(error)[:2000]
    found = next((each for each in _causes(error) if isinstance(each, psycopg.Error)), error)
    state = sqlstate(error)
    words = found.diag.message_primary if isinstance(found, psycopg.Error) else None
    said = words or str(found).split("\nDETAIL:")[0].strip()
    return f"{type(found).__name__}{f' {state}' if state else ''}: {said}"[:2000]


def delay(*, attempt: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds before the next try after `attempt` failures: anything up to a limit that doubles (full jitter)."""
    exponent = min(attempt, 20)
    return uniform(0, min(CAP_SECONDS, BASE_SECONDS * 2**exponent))


class Breaker:
    """Counts failures in a row. Once open, one cheap question goes before the next try."""

    def __init__(self) -> None:
        self.failures = 0

    @property
    def is_open(self) -> bool:
        return self.failures >= LIMIT

    def failed(self) -> float:
        """Seconds to wait now, whoever wakes."""
        self.failures += 1
        return delay(attempt=self.failures)

    def succeeded(self) -> None:
        self.failures = 0


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__


def _of_state(state: str) -> Fault:
    for states, kind in (
        (TRANSIENT_STATES, Fault.TRANSIENT),
        (DRIFT_STATES, Fault.DRIFT),
        (POISON_STATES, Fault.POISON),
    ):
        if state.startswith(states):
            return kind
    return Fault.BUG
