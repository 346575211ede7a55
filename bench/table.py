"""RESULTS.md, made from results.json."""

from __future__ import annotations

import datetime
import os
import platform
from typing import Any

import psycopg

HEAD = """# What was measured

Made by `make bench` on {date}, from [results.json](results.json). {cores} cores, {machine}, {system}, Python {python},
PostgreSQL {postgresql} (fsync {fsync}, synchronous_commit {synchronous_commit}); load over the minute before: {load}.
The programs that measure run on the same machine and take their share of its cores.
"""


def facts(url: str) -> dict[str, Any]:
    settings = ("server_version", "fsync", "synchronous_commit")
    with psycopg.connect(url) as connection:
        version, fsync, commit = (connection.execute(f"SHOW {name}".encode()).fetchone() for name in settings)
    assert version and fsync and commit
    return {
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "postgresql": version[0],
        "fsync": fsync[0],
        "synchronous_commit": commit[0],
        "load": round(os.getloadavg()[0], 1),
    }


def text(found: dict[str, Any]) -> str:
    parts = (cycles, audit, replica, push, doors, activity)
    return "\n".join([HEAD.format(**found["measured_on"]), *(part(found) for part in parts)])


def cycles(found: dict[str, Any]) -> str:
    ours, stored = found["cycles_per_second"], found["cycles_per_second_stored"]
    rows = "\n".join(f"| {length} | {ours[length]:,} | {stored[length]:,} |" for length in ours)
    ratio, other = (rate["1000"] / rate["10"] for rate in (ours, stored))
    return f"""## Issue and call, by the length of the line

| waiting | cycles a second, verbs | cycles a second, stored 1..n |
|---:|---:|---:|
{rows}

With 1,000 waiting the verbs keep {ratio:.2f} of their rate with 10 (goal: at least 0.8, {goal(ratio >= 0.8)}); stored
positions keep {other:.2f}. One process and one connection; medians of rounds taken in turns. The verbs check rights,
write history and wake the worker; the stored strategy is bare SQL that does none of that. (bench/cycles.py)
"""


def audit(found: dict[str, Any]) -> str:
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


def replica(found: dict[str, Any]) -> str:
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


def push(found: dict[str, Any]) -> str:
    ((displays, ms),) = found["push_ms"].items()
    ratio = ms["p50"] / ms["bare_p50"]
    return f"""## From a commit to the last of {displays} displays

| | p50, ms | p99, ms |
|---|---:|---:|
| commit to the last display | {ms["p50"]} | {ms["p99"]} |
| bare group_send to the same sockets | {ms["bare_p50"]} | {ms["bare_p99"]} |

{ratio:.2f} times the bare send (goal: at most 2, {goal(ratio <= 2)}). (bench/push.py)
"""


def doors(found: dict[str, Any]) -> str:
    rates, ms = found["http_per_second"], found["http_ms"]
    rows = "\n".join(f"| {name} | {rates[name]:,} | {ms[name]['p50']} | {ms[name]['p95']} |" for name in rates)
    return f"""## Forms of the desk, 16 people at once

| | a second | p50, ms | p95, ms |
|---|---:|---:|---:|
{rows}

One web process. Issue and call are the form's own answer; desk is the whole page. Each call is followed by the no-show
that frees the room, whose time lowers the rate of calls and is not in their latencies. (bench/doors.py)
"""


def activity(found: dict[str, Any]) -> str:
    us = found["activity_us"]
    ratio = us["p50"] / us["bare_p50"]
    return f"""## A call of log_activity

| | p50, µs | p99, µs |
|---|---:|---:|
| log_activity | {us["p50"]} | {us["p99"]} |
| a bare deque.append of the same entry | {us["bare_p50"]} | {us["bare_p99"]} |

{ratio:.1f} times the bare append; a call in less than 50 µs (goal for p99): {goal(us["p99"] < 50)}. (bench/activity.py)
"""


def goal(reached: bool) -> str:
    return "reached" if reached else "missed"
