"""A whole day: what RESULTS.md says of bench/day.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal

HOURS = 8
#: What the last thousand tickets keep of the rate of the first.
LEAST = 0.9


def text(found: dict[str, Any]) -> str:
    day = found["day"]
    kept, needed = day["last"] / day["first"], day["tickets"] / HOURS / 3600
    possible = day["tickets"] / day["seconds"]
    audit, replica = day["seconds_to_deliver"]["audit"], day["seconds_to_deliver"]["replica"]
    return f"""## A day with {day["tickets"]:,} tickets over 20 services

| verbs a second | |
|---|---:|
| first thousand tickets | {day["first"]:,} |
| last thousand tickets | {day["last"]:,} |

The last thousand keep {kept:.2f} of the rate of the first (goal: at least {LEAST}, {goal(kept >= LEAST)}).
Each ticket is issued, called and completed, by four processes: {possible:.0f} tickets a second
for {day["seconds"]} s, where a day of {HOURS} hours needs {needed:.1f}. Afterwards every line is sound;
the {day["events"]:,} events reach the audit trail in {audit} s and the replica in {replica} s,
and both databases are equal. (bench/day.py)
"""
