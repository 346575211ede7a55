"""Verbs beside bare statements: what RESULTS.md says of bench/statements.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal

LEAST = 0.35


def text(found: dict[str, Any]) -> str:
    rates, counted = found["verbs_per_second"], found["statements"]
    ratio = rates["verbs"] / rates["pgbench"]
    numbers = ", ".join(f"{number} of {verb}" for verb, number in counted.items())
    return f"""## Verbs, and the same statements by hand

| issue, call next, no-show in turn | verbs a second |
|---|---:|
| by the verbs | {rates["verbs"]:,} |
| the same statements, sent by pgbench | {rates["pgbench"]:,} |

The verbs keep {ratio:.2f} of the rate of pgbench (goal: at least {LEAST}, {goal(ratio >= LEAST)}); the rest is Python.
One connection each, in turns, every commit flushed. Statements: {numbers}.
[docs/performance.md](../docs/performance.md) says why each is needed. (bench/statements.py)
"""
