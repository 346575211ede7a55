"""Forms of the desk, many people at once: what RESULTS.md says of bench/doors.py."""

from __future__ import annotations

from typing import Any


def text(found: dict[str, Any]) -> str:
    rates, ms = found["http_per_second"], found["http_ms"]
    rows = "\n".join(f"| {name} | {rates[name]:,} | {ms[name]['p50']} | {ms[name]['p95']} |" for name in rates)
    return f"""## Forms of the desk, 16 people at once

| | a second | p50, ms | p95, ms |
|---|---:|---:|---:|
{rows}

One web process. Issue and call are the form's own answer; desk is the whole page. Each call is followed by the no-show
that frees the room, whose time lowers the rate of calls and is not in their latencies. (bench/doors.py)
"""
