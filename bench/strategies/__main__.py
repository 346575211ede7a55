"""Measures all strategies with few and many clients, and with short and long lines; prints JSON.

For each size of the crowd all lines of all strategies take turns, there and back, so that a slow moment of the machine
meets all of them. PostgreSQL is one of its own, durable as that of `make run`, with room for all clients at once.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg

from bench.strategies import NAMES, judge, tables
from bench.strategies.crowd import Crowd, Report
from clinic import bundled, folders, processes

CLIENTS = (1, 8, 32, 128)
WAITING = (10, 100, 1000)
SECONDS = 0.8
#: What the load itself can do at most.
CEILING = ("nothing", 0)
LINES = [CEILING] + [(name, waiting) for name in NAMES for waiting in WAITING]
#: There and back.
TURNS = (LINES, LINES[::-1])
ROOM_FOR = CLIENTS[-1] + 10

Line = tuple[str, int]


def main() -> None:
    with server() as url, psycopg.connect(url, autocommit=True) as db:
        crowd = Crowd(url, CLIENTS[-1])
        found: dict[str, Any] = {"seconds": SECONDS * len(TURNS), "ceiling": {}, "cells": {}}
        for clients in CLIENTS:
            measured = measure(db, crowd, clients)
            found["ceiling"][str(clients)] = measured.pop(CEILING)["rate"]
            for (name, waiting), cell in measured.items():
                found["cells"].setdefault(name, {}).setdefault(str(clients), {})[str(waiting)] = cell
        crowd.leave()
    print(json.dumps(found))


@contextmanager
def server() -> Iterator[str]:
    children = processes.Children()
    bundled.SETTINGS["max_connections"] = str(ROOM_FOR)
    with tempfile.TemporaryDirectory(prefix="clinic-strategies-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)  # as root, the engine runs as another user
        found = folders.prepare(Path(place) / "home")
        try:
            bundled.start_postgres(children, found, ["primary"], durable=True)
            yield bundled.url(found, "primary")
        finally:
            children.stop()


def measure(db: psycopg.Connection, crowd: Crowd, clients: int) -> dict[Line, dict[str, float]]:
    """Each line with so many clients."""
    prepared = {line: tables.prepare(db, *line) for line in LINES}
    turns: dict[Line, list[list[Report]]] = {line: [] for line in LINES}
    for lines in TURNS:
        for line in lines:
            turns[line].append(crowd.turn(*line, clients, SECONDS))
    found = {}
    for line in LINES:
        acts = [act for turn in turns[line] for report in turn for act in report.acts]
        faults = judge.faults(prepared[line], acts, tables.rows(db, *line))
        found[line] = speed(turns[line]) | faults._asdict()
    return found


def speed(turns: list[list[Report]]) -> dict[str, float]:
    """Cycles a second of all clients together, milliseconds of a cycle, and how often somebody gave up."""
    reports = [report for turn in turns for report in turn]
    ms = [seconds * 1000 for report in reports for seconds in report.cycles] or [0.0]
    rates = [len(report.cycles) / (report.ended - report.began) for report in reports]
    return {
        "cycles": sum(len(report.cycles) for report in reports),
        "rate": round(sum(rates) / len(turns), 1),
        "p50": round(median(ms), 1),
        "p99": round(quantiles(ms, n=100, method="inclusive")[98] if len(ms) > 1 else ms[0], 1),
        "gave_up": sum(report.gave_up for report in reports),
    }


if __name__ == "__main__":
    main()
