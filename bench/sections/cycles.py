"""Issue and call, by the length of the line: what RESULTS.md says of bench/cycles.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal


def text(found: dict[str, Any]) -> str:
    ours, stored = found["cycles_per_second"], found["cycles_per_second_stored"]
    rows = "\n".join(f"| {length} | {ours[length]:,} | {stored[length]:,} |" for length in ours)
    ratio, other = (rate["1000"] / rate["10"] for rate in (ours, stored))
    return f"""## Issue and call, by the length of the line

| waiting | cycles a second, verbs | cycles a second, stored 1..n |
|---:|---:|---:|
{rows}

With 1,000 waiting the verbs keep {ratio:.2f} of their rate with 10 (goal: at least 0.9, {goal(ratio >= 0.9)}); stored
positions keep {other:.2f}. One process and one connection; medians of rounds taken in turns. The verbs check rights,
write history and wake the worker; the stored strategy is bare SQL that does none of that. (bench/cycles.py)
"""
