"""What clients of the clinic asked for and what they were told: a line each, written before anything is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

INVOKE, OK, FAIL, UNKNOWN = "invoke", "ok", "fail", "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The beginning (`invoke`) or the end of an operation: done, refused, or nobody knows."""

    op: int
    proc: int
    type: str
    #: The function of `queueing.tickets`, or `undo`.
    verb: str
    #: Of `time.monotonic_ns`, which all processes of a machine share.
    t: int
    key: str | None = None
    given: dict[str, Any] = field(default_factory=dict)
    out: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        told = f" {self.out}" if self.out else ""
        when = f"{self.t / 1e6:.3f} ms"
        return f"operation {self.op} of client {self.proc}, {when}: {self.type} {self.verb} {self.given}{told}"


class Journal:
    """A file of one process; its threads may write at once. Whoever is killed leaves operations without an end."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self._lock = threading.Lock()
        self._begun: dict[int, Entry] = {}
        self._last = 0

    def invoke(self, verb: str, *, proc: int = 0, key: str | None = None, **given: Any) -> int:
        """Call it before the request goes out; the number is for the end of the operation."""
        with self._lock:
            self._last += 1
            entry = Entry(op=self._last, proc=proc, type=INVOKE, verb=verb, t=time.monotonic_ns(), key=key, given=given)
            self._begun[entry.op] = entry
            self._write(entry)
        return entry.op

    def ok(self, op: int, ticket: int) -> None:
        self._end(op, OK, {"ticket": ticket})

    def fail(self, op: int, code: str, status: int = 409) -> None:
        """It was refused, and has changed nothing."""
        self._end(op, FAIL, {"code": code, "status": status})

    def unknown(self, op: int) -> None:
        """No answer, or one that does not say whether it happened."""
        self._end(op, UNKNOWN, {})

    def close(self) -> None:
        self._file.close()

    def _end(self, op: int, type_: str, out: dict[str, Any]) -> None:
        now = time.monotonic_ns()
        with self._lock:
            begun = self._begun.pop(op)
            self._write(
                Entry(
                    op=op,
                    proc=begun.proc,
                    type=type_,
                    verb=begun.verb,
                    t=now,
                    key=begun.key,
                    given=begun.given,
                    out=out,
                )
            )

    def _write(self, entry: Entry) -> None:
        self._file.write(json.dumps(asdict(entry)) + "\n")
        self._file.flush()


def read(paths: Iterable[Path]) -> list[Entry]:
    """All of them by time. Operations are numbered anew, so that those of two files differ."""
    entries: list[Entry] = []
    last = 0
    for path in paths:
        found = [Entry(**{**line, "op": line["op"] + last}) for line in _lines(path)]
        last = max((entry.op for entry in found), default=last)
        entries += found
    return sorted(entries, key=lambda entry: entry.t)


def _lines(path: Path) -> list[dict[str, Any]]:
    """A last line without an end is of one who was killed before the request went out."""
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
