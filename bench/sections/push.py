"""From a commit to the last display: what RESULTS.md says of bench/push.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal


def text(found: dict[str, Any]) -> str:
    ((displays, ms),) = found["push_ms"].items()
    ratio = ms["p50"] / ms["bare_p50"]
    return f"""## From a commit to the last of {displays} displays

| | p50, ms | p99, ms |
|---|---:|---:|
| commit to the last display | {ms["p50"]} | {ms["p99"]} |
| bare group_send to the same sockets | {ms["bare_p50"]} | {ms["bare_p99"]} |

{ratio:.2f} times the bare send (goal: at most 2, {goal(ratio <= 2)}). (bench/push.py)
"""
