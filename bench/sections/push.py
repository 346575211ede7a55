"""From a commit to the last display: what RESULTS.md says of bench/push.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal

MOST = 1.5


def text(found: dict[str, Any]) -> str:
    rows = "\n".join(row(displays, ms) for displays, ms in found["push_ms"].items())
    return f"""## From a commit to the last display

| displays | commit to the last, p50, ms | p99, ms | bare group_send to the same sockets, p50, ms | p99, ms | times |
|---:|---:|---:|---:|---:|---|
{rows}

Goal: at most {MOST} times the bare send of as many bytes; medians of rounds taken in turns. (bench/push.py)
"""


def row(displays: str, ms: dict[str, float]) -> str:
    ratio = ms["p50"] / ms["bare_p50"]
    times = f"{ratio:.2f}, {goal(ratio <= MOST)}"
    return f"| {int(displays):,} | {ms['p50']} | {ms['p99']} | {ms['bare_p50']} | {ms['bare_p99']} | {times} |"
