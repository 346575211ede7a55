"""Short days of which something is not true."""

from __future__ import annotations

import copy
from dataclasses import replace

from tests.proof.checker import check
from tests.proof.journal import FAIL, INVOKE, OK, Entry
from tests.proof.made import WORLD, Day

MILLISECOND = 1_000_000


class Told(Day):
    """A short day, one operation after another; then something about it is not true."""

    def do(self, verb, **given):
        """The event that it left, and how it was told."""
        key = f"key-{self.ops}"
        made = self.act(verb, {"reason": "", **given}, key)
        self.ops += 1
        about = {"op": self.ops, "proc": 0, "verb": verb, "key": key, "given": given}
        self.journal += [
            Entry(t=self.t, type=INVOKE, **about),
            Entry(t=self.t + MILLISECOND, type=OK, out={"ticket": made.ticket}, **about),
        ]
        self.t += 2 * MILLISECOND
        return self.events[-1]

    def told(self, event, type_, **out):
        """The operation of this event ended otherwise."""
        end = self.end_of(event)
        self.journal[self.journal.index(end)] = replace(end, type=type_, out=out)

    def told_as(self, **changed):
        """The last operation was another one."""
        self.journal[-2:] = [replace(entry, **changed) for entry in self.journal[-2:]]

    def end_of(self, event):
        return next(entry for entry in self.journal if entry.key == event["key"] and entry.type != INVOKE)

    def forget(self, event):
        self.events.remove(event)

    def again(self, event, **changed):
        """The event once more, as the last."""
        self.events.append({**copy.deepcopy(event), "id": self.events[-1]["id"] + 1, **changed})
        return self.events[-1]

    def problems(self, rows=None):
        return check(self.journal, self.events, self.rows if rows is None else rows, WORLD)


def refused(day, verb, code, begin=None, **given):
    day.ops += 1
    about = {"op": day.ops, "proc": 1, "verb": verb, "key": None, "given": given}
    out = {"code": code, "status": 409}
    day.journal += [
        Entry(t=day.t if begin is None else begin, type=INVOKE, **about),
        Entry(t=day.t + 1, type=FAIL, out=out, **about),
    ]


def expect(day, sentence, *witness, rows=None):
    """A problem says this, and shows these events and operations."""
    problems = day.problems(rows)
    found = [problem for problem in problems if sentence in problem.sentence]
    assert found, [str(problem) for problem in problems]
    shown = [thing["id"] if isinstance(thing, dict) else thing.op for thing in found[0].witness]
    assert {thing["id"] if isinstance(thing, dict) else thing.op for thing in witness} <= set(shown)
    assert len(found[0].witness) <= 8
