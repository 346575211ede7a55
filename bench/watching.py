"""The processes of the clinic that runs, and what memory they hold."""

from __future__ import annotations

import os
import re
import resource
from pathlib import Path

RESIDENT = re.compile(r"VmRSS:\s+(\d+) kB")


def pid(word: str) -> int:
    """The process of this clinic with such a word in its command: "daphne" or "deliver"."""
    clinic = f"CLINIC_HOME={os.environ['CLINIC_HOME']}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if word.encode() in command.split(b"\0") and clinic in environment.split(b"\0"):
            return int(process.name)
    raise LookupError(f"No process of {word}.")


def memory(process: int) -> int:
    """Bytes that are resident."""
    found = RESIDENT.search(Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) * 1024


def raise_limit() -> None:
    """As many open files as this process may have: many a machine begins with 1,024."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
