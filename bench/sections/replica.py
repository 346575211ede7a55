"""The replica: what RESULTS.md says of bench/replica.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal


def text(found: dict[str, Any]) -> str:
    rates = found["replica_rows_per_second"]
    return f"""## The replica

| of {rates["rows"]:,} changed rows | rows a second |
|---|---:|
| delivered | {rates["delivered"]:,} |
| bare COPY from server to server | {rates["bare_copy"]:,} |

Goal of delivering: 2,000 rows a second, {goal(rates["delivered"] >= 2_000)}; a bare COPY is
{rates["bare_copy"] / rates["delivered"]:.1f} times as fast. A delivery finds the rows by their events, takes them
away and writes them again in one transaction, with all keys and checks. (bench/replica.py)
"""
