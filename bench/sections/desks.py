"""A hundred desks at one moment: what RESULTS.md says of bench/desks.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal
from bench.sections.webs import NAMES

#: Milliseconds.
LONGEST = 500


def text(found: dict[str, Any]) -> str:
    rows = "\n".join(
        "| {} | {} | {called} | {refused} | {p50:,} | {p99:,} |".format(waiting, NAMES[webs], **one)
        for waiting, by_webs in found["pressed"].items()
        for webs, one in by_webs.items()
    )
    best = min(one["p99"] for one in found["pressed"]["300"].values())
    busy, cores = found["busy_ms"], found["cores"]
    return f"""## {found["desks"]} desks press "call next" at one moment

| waiting | web processes | called | told that nobody is waiting | p50, ms | p99, ms |
|---:|---|---:|---:|---:|---:|
{rows}

Each ticket is called once: the bench fails if one is called twice, or a desk gets any other answer. Goal with 300
waiting: p99 of at most {LONGEST} ms, {goal(best <= LONGEST)}. Meanwhile the cores work for {busy:,} ms
in all (web, database, worker, people): on {cores} cores that is {busy / cores:,.0f} ms at the least.
A refusal is the whole desk with its {found["desks"]} rooms. (bench/desks.py)
"""
