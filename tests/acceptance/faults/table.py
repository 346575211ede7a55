"""docs/faults.md, from what the tests say."""

from __future__ import annotations

import os
import platform

import pytest

LINES = pytest.StashKey[list[tuple[str, str, str, str]]]()
HEAD = """# Faults

What was done to the clinic, and what came of it. `make test` makes each of these faults with real processes and
servers; `make faults` makes them alone, and writes this page. After each fault everything must hold that
`tests/acceptance/faults/invariants.py` asks: every line is sound and is what its history says, every event is sealed
once and the chain holds, the replica is equal, every screen shows the line, no transaction was left open, and every
action that somebody was told of is there.
"""


def page(lines):
    rows = [("Fault", "How it is made", "What must happen", "Measured"), ("---",) * 4, *lines]
    made_on = f"Measured on {platform.system()} with {os.cpu_count()} processors.\n"
    return f"{HEAD}\n{made_on}\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
