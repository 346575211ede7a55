"""Issue and call behind nginx: what RESULTS.md says of bench/webs.py."""

from __future__ import annotations

from typing import Any

NAMES = {"direct": "1, without nginx", "1": "1 behind nginx", "2": "2 behind nginx", "4": "4 behind nginx"}


def text(found: dict[str, Any]) -> str:
    rates, ms = found["per_second"], found["ms"]
    rows = "\n".join(
        f"| {NAMES[name]} | {rate:,} | {rate / rates['direct']:.2f} | {ms[name]['p50']:,} | {ms[name]['p95']:,} |"
        for name, rate in rates.items()
    )
    behind = "" if len(rates) > 1 else "\nBehind nginx nothing was measured, because there was no nginx.\n"
    return f"""## Issue and call behind nginx, 16 people at once

| web processes | rounds a second | as often | p50, ms | p95, ms |
|---|---:|---:|---:|---:|
{rows}
{behind}
A round is three forms: issue, call, and the no-show that frees the room. The latencies are those of issue and call,
each the form's own answer. All people press in one line. Web processes, database, worker, nginx and the people
themselves (one thread each, bare http.client) share the cores named above. The setups took turns. (bench/webs.py)
"""
