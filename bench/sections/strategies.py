"""How others give out codes and call: what RESULTS.md says of bench/strategies/."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from statistics import median
from typing import Any

from bench.sections.goals import goal
from bench.strategies import NAMES, find

#: Field of a cell, and what it is called.
FAULTS = {
    "duplicate_codes": "duplicate codes",
    "double_calls": "double calls",
    "lost_tickets": "lost tickets",
    "order_violations": "order violations",
}
#: A rate that is none.
TINY = 0.01
Cell = dict[str, float]
Cells = dict[str, dict[str, Cell]]


def text(found: dict[str, Any]) -> str:
    cells: dict[str, Cells] = found["cells"]
    clients, waiting = crowds(cells["ours"]), lengths(cells["ours"])
    return f"""## How others give out codes and call the next one

Each strategy was written anew from what was read of the system it names, for one PostgreSQL, one driver and one load:
clients that issue a ticket and call one, over and over. It has a UNIQUE index only where the original has one, so that
what it lets happen is counted and not refused. Measured with {listed(clients)} clients, each with {listed(waiting)}
waiting, for {found["seconds"]:g} s a cell, on a durable PostgreSQL that has a connection for every client.
(bench/strategies/)

{faults_text(cells)}
{speed_text(found)}"""


def faults_text(cells: dict[str, Cells]) -> str:
    none = not any(faults(cells["ours"]).values())
    return f"""### What went wrong

{table(["all cells together", "cycles", *FAULTS.values(), "gave up", "most faults with"], fault_rows(cells))}

* duplicate codes: tickets with a code that another ticket of the day has already
* double calls: calls that gave a ticket which another call gave too, beyond the first
* lost tickets: issued, called to nobody, and not waiting in the table either
* order violations: calls that passed over somebody who was surely ahead: there before the call was asked for, and there
  before the ticket that was called had been asked for
* gave up: no fault, but an error or a wait of two seconds

No fault in ours (goal): {goal(none)}.
"""


def speed_text(found: dict[str, Any]) -> str:
    cells: dict[str, Cells] = found["cells"]
    sound = [name for name in NAMES if not any(faults(cells[name]).values())]
    flattest = min(sound, key=lambda name: slope(cells[name]), default="")
    clients, waiting = each(cells["ours"])[-1]
    return f"""### How fast

![Cycles a second by the length of the line](strategies.svg)

Cycles (one issue and one call) a second; *{clients}: {waiting}* is {clients} clients and {waiting} waiting.
*Kept* is the rate with the longest line over that with the shortest, the median of all crowds:

{table(["", *heads(cells), "kept"], rate_rows(cells))}

Milliseconds of a cycle, p50 / p99:

{table(["", *heads(cells)], latency_rows(cells))}

Ours keeps {kept(cells["ours"]):.2f}; the flattest line of those without a fault (goal): {goal(flattest == "ours")}.
A lock that is held until the commit is on disk lets one commit through at a time: who lets several through at once is
faster, and has the faults above. The load itself, with two empty transactions in turn with the others, makes
{ceiling(found)}.
All have the same plain indexes, by number and by time of issue. Ours is the SQL of the verbs without rights and
history; the verbs themselves are in bench/cycles.py.
"""


def fault_rows(cells: dict[str, Cells]) -> Iterator[list[str]]:
    for name in NAMES:
        counted = faults(cells[name])
        worst = max(each(cells[name]), key=lambda place: fault_sum(cells[name][place[0]][place[1]]))
        place = f"{worst[0]} clients, {worst[1]} waiting" if any(counted.values()) else ""
        whole = [total(cells[name], "cycles"), *counted.values(), total(cells[name], "gave_up")]
        yield [find(name).TITLE, *(f"{number:,.0f}" for number in whole), place]


def rate_rows(cells: dict[str, Cells]) -> Iterator[list[str]]:
    for name in NAMES:
        yield [*row(name, cells, lambda cell: f"{cell['rate']:,.0f}"), f"{kept(cells[name]):.2f}"]


def latency_rows(cells: dict[str, Cells]) -> Iterator[list[str]]:
    for name in NAMES:
        yield row(name, cells, lambda cell: f"{short(cell['p50'])} / {short(cell['p99'])}")


def row(name: str, cells: dict[str, Cells], shown: Callable[[Cell], str]) -> list[str]:
    return [find(name).SHORT, *(shown(cells[name][clients][waiting]) for clients, waiting in each(cells[name]))]


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def heads(cells: dict[str, Cells]) -> list[str]:
    return [f"{clients}: {waiting}" for clients, waiting in each(cells["ours"])]


def each(cells: Cells) -> list[tuple[str, str]]:
    return [(clients, waiting) for clients, crowd in cells.items() for waiting in crowd]


def crowds(cells: Cells) -> list[str]:
    return list(cells)


def lengths(cells: Cells) -> list[str]:
    return list(next(iter(cells.values())))


def listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def total(cells: Cells, field: str) -> float:
    return sum(cells[clients][waiting][field] for clients, waiting in each(cells))


def faults(cells: Cells) -> dict[str, float]:
    return {field: total(cells, field) for field in FAULTS}


def fault_sum(cell: Cell) -> float:
    return sum(cell[field] for field in FAULTS)


def kept(cells: Cells) -> float:
    """Of the rate with the shortest line, with the longest: the median of the crowds."""
    shortest, *_, longest = lengths(cells)
    return median(crowd[longest]["rate"] / max(crowd[shortest]["rate"], TINY) for crowd in cells.values())


def slope(cells: Cells) -> float:
    """0 for a level line; as much for half of the rate as for twice."""
    return abs(math.log(max(kept(cells), TINY)))


def ceiling(found: dict[str, Any]) -> str:
    rates = [f"{rate:,.0f}" for rate in found["ceiling"].values()]
    return f"{listed(rates)} cycles a second with {listed(list(found['ceiling']))} clients"


def short(ms: float) -> str:
    return f"{ms:,.1f}" if ms < 10 else f"{ms:,.0f}"
