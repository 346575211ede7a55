"""Years of tickets: what RESULTS.md says of bench/old.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal

#: What has a goal, and what stands there to be known.
WITH_GOAL = ("call_next", "board", "desk")
MOST = 1.2


def text(found: dict[str, Any]) -> str:
    ratios = {name: ms["years"] / ms["empty"] for name, ms in found["old_ms"].items()}
    rows = "\n".join(
        f"| {name} | {ms['empty']} | {ms['years']} | {ratios[name]:.2f} |" for name, ms in found["old_ms"].items()
    )
    reached = all(ratios[name] <= MOST for name in WITH_GOAL)
    return f"""## With {found["old_tickets"]:,} tickets of other days

| | first day, ms | after years, ms | ratio |
|---|---:|---:|---:|
{rows}

Goal: {", ".join(WITH_GOAL)} within {MOST} of the first day, {goal(reached)}. Medians, two databases of one
server in turns. Desk is the whole page, search the page for one code, check what `checkqueues` asks of one line.
History has the events of the last month. Put in within {found["loaded_seconds"]} s. (bench/old.py)
"""
