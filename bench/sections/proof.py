"""The history checker: what RESULTS.md says of bench/proof.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal


def text(found: dict[str, Any]) -> str:
    short, long = found["operations_per_second_of_10000"], found["operations_per_second_of_100000"]
    return f"""## Proving a run

| operations in the history | checked a second |
|---:|---:|
| 10,000 | {short:,} |
| 100,000 | {long:,} |

100,000 operations with {found["events"]:,} events in {found["seconds"]} s (goal: less than 30): {goal(found["seconds"] < 30)}.
An operation of the longer history takes {short / long:.1f} times as long (goal: no more than twice, so that nothing is
searched): {goal(short <= 2 * long)}. (bench/proof.py)
"""
