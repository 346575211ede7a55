"""The history checker: what RESULTS.md says of bench/proof.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal


def text(found: dict[str, Any]) -> str:
    short, long = found["operations_per_second_of_10000"], found["operations_per_second_of_100000"]
    return f"""## Proving that a run was right

| operations in the history | checked in a second of one core |
|---:|---:|
| 10,000 | {short:,} |
| 100,000 | {long:,} |

100,000 operations, which left {found["events"]:,} events, take {found["seconds"]} s (goal: less than 20):
{goal(found["seconds"] < 20)}. Each takes {short / long:.1f} times as long as in the short history (goal: no more than
1.5, for nothing is searched): {goal(short <= 1.5 * long)}. (bench/proof.py)
"""
