"""Who comes on a day at an urgent-care centre, and how long they take: drawn from the numbers of urgent_care.json."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

NUMBERS = json.loads((Path(__file__).parent / "urgent_care.json").read_text())
OPENS_AT_MINUTE = NUMBERS["opens_at_hour"] * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """`arrives` is in minutes since midnight; `minutes` is the length of the consultation."""

    arrives: float
    service: str
    priority: str
    comes: bool
    minutes: float


def draw(*, seed: int, services: Sequence[str], numbers: dict[str, Any] = NUMBERS) -> list[Patient]:
    """The patients of one day, the first first. The same seed and services give the same day."""
    dice = random.Random(seed)  # noqa: S311 - a day that can be repeated, not a secret
    shares = numbers["services"]["shares"]
    weights = [shares.get(name, numbers["services"]["share_of_any_other"]) for name in services]
    priorities = numbers["priorities"]["shares"]
    return [
        Patient(
            arrives=arrives,
            service=dice.choices(services, weights)[0],
            priority=dice.choices(list(priorities), list(priorities.values()))[0],
            comes=dice.random() >= numbers["no_show"]["share"],
            minutes=consultation(dice, **numbers["consultation_minutes"]),
        )
        for arrives in list(arrivals(dice, numbers["arrivals_per_hour"]["values"], numbers["opens_at_hour"]))
    ]


def arrivals(dice: random.Random, per_hour: Sequence[float], first_hour: int) -> Iterator[float]:
    """Minutes since midnight: a Poisson process whose rate changes with the hour."""
    for hour, rate in enumerate(per_hour, start=first_hour):
        # The gap that crosses the end of an hour is drawn again: a Poisson process forgets.
        minute = dice.expovariate(rate / 60)
        while minute < 60:
            yield hour * 60 + minute
            minute += dice.expovariate(rate / 60)


def consultation(dice: random.Random, median: float, sigma: float, **_: object) -> float:
    """Minutes."""
    return dice.lognormvariate(log(median), sigma)
