"""The tickets as they are, beside what their events add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from tests.proof.operations import TICKET, Event
from tests.proof.problem import Problem

#: What stands in history for what is personal.
MASK = "•"

Row = dict[str, Any]


def problems(events: Iterable[Event], rows: dict[int, Row]) -> Iterator[Problem]:
    folded: dict[int, Row] = defaultdict(dict)
    last: dict[int, dict[str, Event]] = defaultdict(dict)
    for event in events:
        if event["model"] == TICKET:
            for column, (_before, after) in event["changes"].items():
                folded[event["object_id"]][column] = after
                last[event["object_id"]][column] = event
    for ticket in sorted({*rows, *folded}):
        yield from _of_row(ticket, rows.get(ticket), folded.get(ticket), last[ticket])
    yield from _twins("position", rows, last, lambda row: (row["service_id"], row["position"]), waiting=True)
    yield from _twins("code", rows, last, lambda row: (_plain(row["day"]), row["code"]), waiting=False)


def _of_row(ticket: int, row: Row | None, folded: Row | None, last: dict[str, Event]) -> Iterator[Problem]:
    if row is None or folded is None:
        there, missing = ("events", "row") if row is None else ("a row", "events")
        yield Problem(f"ticket {ticket} has {there} and no {missing}", tuple(last.values())[:1])
        return
    for column, value in row.items():
        said = folded.get(column)
        if column != "id" and (bool(value) if said == MASK else _plain(value)) != (True if said == MASK else said):
            sentence = f"ticket {ticket} has {column} {_plain(value)}, and by history {said}"
            yield Problem(sentence, (last[column],) if column in last else ())


def _twins(name: str, rows: dict[int, Row], last: Any, of: Any, *, waiting: bool) -> Iterator[Problem]:
    """Tickets that share what is for one."""
    taken: dict[Any, int] = {}
    for ticket, row in rows.items():
        if waiting and row["status"] != "waiting":
            continue
        other = taken.setdefault(of(row), ticket)
        if other != ticket:
            witness = [last[one][name] for one in (other, ticket) if name in last[one]]
            yield Problem(f"tickets {other} and {ticket} have one {name}: {row[name]}", tuple(witness))


def _plain(value: Any) -> Any:
    """As history has it."""
    return value.isoformat() if isinstance(value, date) else value
