"""What log_activity costs whoever calls it, beside putting the same entry into a bare deque.

Bursts of calls while the log's own thread writes; between two bursts it may finish, outside the measured time. The two
take turns, so that a slow moment of the machine meets both. Nothing may be dropped: that would be cheaper.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from statistics import median, quantiles

import django

django.setup()

from django.utils import timezone  # noqa: E402

from notifications import activity  # noqa: E402

ROUNDS = 40
BURST = 250


def main() -> None:
    bare: deque[activity.Entry] = deque()

    def append() -> None:
        bare.append((timezone.now(), "page.opened", "bench", {"page": "desk"}))

    def log() -> None:
        activity.log_activity("page.opened", actor="bench", page="desk")

    spent: dict[str, list[float]] = {"": [], "bare_": []}
    for _ in range(ROUNDS):
        spent[""] += burst(log)
        assert activity.writer.flush(deadline=30)
        spent["bare_"] += burst(append)
    assert not activity.writer.dropped
    print(json.dumps({"activity_us": {f"{name}{key}": value for name in spent for key, value in of(spent[name])}}))


def burst(call: Callable[[], None]) -> list[float]:
    """Microseconds of each call."""
    found = []
    for _ in range(BURST):
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1e6)
    return found


def of(times: list[float]) -> list[tuple[str, float]]:
    return [("p50", round(median(times), 2)), ("p99", round(quantiles(times, n=100)[98], 2))]


if __name__ == "__main__":
    main()
