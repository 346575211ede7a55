"""Counts what went wrong, from what clients were told and what the table holds afterwards.

* duplicate codes: tickets with a code that another ticket of the day has already
* double calls: calls that gave a ticket which another call gave too, beyond the first
* lost tickets: issued, and told to nobody as called, but not in the table any more, or not waiting there
* order violations: calls that passed somebody over. Ana was surely ahead of Ben if her ticket was there before his was
  asked for; a call passes her over if it was asked for after her ticket was there, gives Ben's (or says that nobody is
  waiting), and is answered before anybody asks for the call that gives hers

These look at the clients' own clock alone, so they hold for each strategy whatever it orders by.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from bench.strategies.tables import Row


class Act(NamedTuple):
    """What a client asked for and was told. A call without a ticket: nobody is waiting."""

    verb: str
    began: float
    ended: float
    ticket: int | None
    number: int | None = None


class Faults(NamedTuple):
    duplicate_codes: int
    double_calls: int
    lost_tickets: int
    order_violations: int


def faults(prepared: Sequence[Row], acts: Iterable[Act], after: Iterable[Row]) -> Faults:
    """Of a day that began with these tickets waiting, the next one first, and ended with those rows."""
    acts = list(acts)
    issues = [*waiting_from_the_start(prepared), *(act for act in acts if act.verb == "issue")]
    calls = [act for act in acts if act.verb == "call"]
    told = [call.ticket for call in calls if call.ticket is not None]
    waiting = {row.ticket for row in after if row.status == "waiting"}
    return Faults(
        duplicate_codes=len(issues) - len({act.number for act in issues}),
        double_calls=len(told) - len(set(told)),
        lost_tickets=len({act.ticket for act in issues} - set(told) - waiting),
        order_violations=order_violations(issues, calls),
    )


def waiting_from_the_start(prepared: Sequence[Row]) -> list[Act]:
    """As if issued one after another before everything else."""
    instants = range(-len(prepared), 0)
    return [Act("issue", at, at, row.ticket, row.number) for at, row in zip(instants, prepared, strict=True)]


def order_violations(issues: Iterable[Act], calls: Sequence[Act]) -> int:
    """Of all who were surely ahead it is enough to look at the one whose own call was asked for last."""
    issues = sorted(issues, key=lambda act: act.ended)
    asked_for = {act.ticket: act.began for act in issues}
    called: dict[int | None, float] = {}
    for call in calls:
        called[call.ticket] = min(call.began, called.get(call.ticket, math.inf))
    there = [act.ended for act in issues]
    latest_call = list(accumulate((called.get(act.ticket, math.inf) for act in issues), max, initial=-math.inf))

    def passes_over(call: Act) -> bool:
        ahead = bisect_left(there, min(call.began, asked_for.get(call.ticket, math.inf)))
        return latest_call[ahead] > call.ended

    return sum(passes_over(call) for call in calls)
