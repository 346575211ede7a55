"""What processes grow by in an hour: what RESULTS.md says of bench/memory.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal

#: Bytes.
MB = 1_000_000
MOST = 30 * MB


def text(found: dict[str, Any]) -> str:
    hour = found["memory"]
    rows = "\n".join(row(name, hour["warm"][name], hour["end"][name]) for name in hour["end"])
    return f"""## Memory over an hour of a busy clinic

| | after a fifth, MB | at the end, MB | drift, MB |
|---|---:|---:|---|
{rows}

Goal: a drift under {MOST // MB} MB. {hour["actions"]} actions, {hour["pages"]} loads of the desk, {hour["displays"]}
displays and {hour["reconnects"]} lost sockets in {hour["seconds"]} seconds. (bench/memory.py)
"""


def row(name: str, warm: int, end: int) -> str:
    drift = end - warm
    return f"| {name} | {warm / MB:.1f} | {end / MB:.1f} | {drift / MB:.1f}, {goal(drift < MOST)} |"
