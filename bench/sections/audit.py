"""The audit trail: what RESULTS.md says of bench/audit.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal


def text(found: dict[str, Any]) -> str:
    rates = found["audit_per_second"]
    return f"""## The audit trail

| of {rates["entries"]:,} entries | a second |
|---|---:|
| sealed | {rates["sealed"]:,} |
| verified | {rates["verified"]:,} |
| bare SHA-256 over the same bytes | {rates["bare_sha256"]:,} |

Goal of verifying: 20,000 a second, {goal(rates["verified"] >= 20_000)}; a bare loop of SHA-256 is
{rates["bare_sha256"] / rates["verified"]:.0f} times as fast. Verifying reads the trail out of PostgreSQL, computes
every hash and compares entries with their events. (bench/audit.py)
"""
