"""What came of a simulated day: what the people did, what the wall showed, what the databases hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, quantiles
from typing import Any, TypedDict, TypeVar

from django.db import Error

from clinic.simulation.browser import CannotGoOn
from notifications import anchors, chain, comparison
from notifications.models import AuditEntry
from queueing import integrity
from queueing.models import Event, Service, Ticket

T = TypeVar("T")

PAUSE = 0.1
PRIORITIES = ("high", "medium", "low")


class Wait(TypedDict):
    mean: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`wait_minutes` is simulated time from ticket to call, by priority; None where nobody of it was called.

    `replica_differences` is the number of rows that differ, or None if the replica never caught up.
    """

    issued: int
    called: int
    completed: int
    missed: int
    shown: int
    shown_twice: int
    not_shown: int
    integrity_problems: int
    replica_differences: int | None
    audit_ok: bool
    wait_minutes: dict[str, Wait | None]
    wall_seconds: float

    @property
    def is_good(self) -> bool:
        return (
            self.issued == self.completed + self.missed
            and (self.not_shown, self.shown_twice, self.integrity_problems) == (0, 0, 0)
            and self.replica_differences == 0
            and self.audit_ok
        )


def measure(*, patience: float, **counted: Any) -> Report:
    """Ask the databases what they hold, and add it to what was counted during the day."""
    return Report(
        integrity_problems=integrity_problems(),
        replica_differences=replica_differences(seconds=patience),
        audit_ok=audit_ok(seconds=patience),
        **counted,
    )


def waits(minutes: Mapping[str, list[float]]) -> dict[str, Wait | None]:
    return {priority: _wait(minutes.get(priority, [])) for priority in PRIORITIES}


def _wait(minutes: list[float]) -> Wait | None:
    if not minutes:
        return None
    p90 = quantiles(minutes, n=10, method="inclusive")[-1] if len(minutes) > 1 else minutes[0]
    return {"mean": round(fmean(minutes), 1), "p90": round(p90, 1)}


def integrity_problems() -> int:
    services = Service.objects.values_list("pk", flat=True)
    return sum(len(integrity.validate_queue_integrity(service).problems) for service in services)


def replica_differences(*, seconds: float) -> int | None:
    """Rows that differ once the replica has caught up; None if it does not within so many seconds."""
    try:
        return until_known(differences_for_good, seconds=seconds)
    except Error:
        return None


def differences_for_good() -> int | None:
    """None while some are on their way."""
    try:
        found = comparison.compare()
    except comparison.NeverFilled:
        return None
    return None if any(difference.pending for difference in found) else len(found)


def audit_ok(*, seconds: float) -> bool:
    """Whether every event is sealed within so many seconds, and the trail is sound."""
    if not until_known(lambda: all_sealed() or None, seconds=seconds):
        return False
    return not chain.verify(anchors.known()).problem


def all_sealed() -> bool:
    sealed = AuditEntry.objects.values("event_id")
    return not Event.objects.exclude(pk__in=sealed).exists()


def expect_tickets(ticket_ids: Iterable[int]) -> None:
    """
    :raises CannotGoOn: if the database is not the one of the clinic that issued these tickets
    """
    wanted = set(ticket_ids)
    if Ticket.objects.filter(pk__in=wanted).count() != len(wanted):
        raise CannotGoOn("DATABASE_URL names another database than this clinic's: its tickets are not in there.")


def until_known(ask: Callable[[], T | None], *, seconds: float) -> T | None:
    deadline = time.monotonic() + seconds
    while (found := ask()) is None and time.monotonic() < deadline:
        time.sleep(PAUSE)
    return found
