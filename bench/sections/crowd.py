"""A web process that is killed under a crowd of displays: what RESULTS.md says of bench/crowd.py."""

from __future__ import annotations

from typing import Any

from bench.sections.goals import goal

#: Seconds, and milliseconds.
ALL_BACK, DESK = 60, 1000


def text(found: dict[str, Any]) -> str:
    crowd = found["crowd"]
    before, after = crowd["desk_ms"]["before"], crowd["desk_ms"]["after"]
    return f"""## A web process killed under {crowd["displays"]:,} displays

| | found | goal |
|---|---:|---|
| from the kill until every display had its boards again | {crowd["all_back_seconds"]} s | \
at most {ALL_BACK} s, {goal(crowd["all_back_seconds"] <= ALL_BACK)} |
| from the kill until the desk answered | {crowd["desk_away_seconds"]} s | |
| the desk from then on, p99 of {after["requests"]} | {after["p99"]} ms | \
at most {DESK:,} ms, {goal(after["p99"] <= DESK)} |
| the desk before the kill, p50 and p99 of {before["requests"]} | {before["p50"]} and {before["p99"]} ms | |
| memory of the web process for each socket | {crowd["bytes_per_socket"]:,} bytes | |

One web process. A person loads the desk and checks somebody in, again and again, 0.2 s apart; each check-in is a board
for every display. Displays come back by the rule of static/js/live.js. (bench/crowd.py)
"""
