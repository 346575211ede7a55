"""How many operations the history checker gets through in a second of one core, and whether a history of ten times the
length takes more than ten times as long.

The days come out of the model and have refusals, lost answers and presses sent again in them, eight clients at once.
Short and long ones take turns. Not the clinic is measured, but what it takes to prove that a run of it was right.
"""

from __future__ import annotations

import json
import time
from statistics import median

from tests.proof.checker import check
from tests.proof.made import WORLD, Day

SHORT, LONG = 10_000, 100_000
ROUNDS = 3


def main() -> None:
    days = {length: Day(length).live(length) for length in (SHORT, LONG)}
    spent: dict[int, list[float]] = {SHORT: [], LONG: []}
    for _ in range(ROUNDS):
        for length, day in days.items():
            spent[length].append(seconds(day))
    rates = {f"operations_per_second_of_{length}": round(length / median(spent[length])) for length in days}
    print(json.dumps({"events": len(days[LONG].events), "seconds": round(median(spent[LONG]), 1), **rates}))


def seconds(day: Day) -> float:
    rows = day.rows
    began = time.process_time()
    assert check(day.journal, day.events, rows, WORLD) == []
    return time.process_time() - began


if __name__ == "__main__":
    main()
