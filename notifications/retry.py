"""How long to wait before another try. Which errors deserve one is `notifications.worker`'s question."""

from __future__ import annotations

import random
from collections.abc import Callable

BASE_SECONDS = 0.25
CAP_SECONDS = 30.0


def delay(*, attempt: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """Seconds before the next try after `attempt` failures: anything up to a limit that doubles (full jitter)."""
    exponent = min(attempt, 20)
    return uniform(0, min(CAP_SECONDS, BASE_SECONDS * 2**exponent))
