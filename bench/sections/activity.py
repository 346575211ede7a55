"""A call of log_activity: what RESULTS.md says of bench/activity.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal


def text(found: dict[str, Any]) -> str:
    us = found["activity_us"]
    ratio = us["p50"] / us["bare_p50"]
    return f"""## A call of log_activity

| | p50, µs | p99, µs |
|---|---:|---:|
| log_activity | {us["p50"]} | {us["p99"]} |
| a bare deque.append of the same entry | {us["bare_p50"]} | {us["bare_p99"]} |

{ratio:.1f} times the bare append; a call in less than 50 µs (goal for p99): {goal(us["p99"] < 50)}. (bench/activity.py)
"""
