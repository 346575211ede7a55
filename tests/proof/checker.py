"""Whether what clients were told, what history says and what the rows are can all be true of one clinic.

No search is needed: history has an order, and all else is measured by it, in one pass over each. Of answers that left
no event, each is asked alone whether there was a moment at which it was right, not whether all those moments agree;
and of refusals that `_ground` does not know is only checked that nothing happened.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.proof import rows
from tests.proof.journal import FAIL, OK, Entry
from tests.proof.moments import Bounds, Scope
from tests.proof.operations import LEAVES, TICKET, Action, Event, Operation, actions
from tests.proof.problem import Problem
from tests.proof.replay import Replay
from tests.proof.rows import Row
from tests.proof.world import World

__all__ = ["Problem", "check"]

#: They do nothing where all is as they ask already, and then leave no event; but in this status.
IDLE = {"prioritise": "waiting", "move": "waiting", "come": "called"}
#: These are told "already_waiting" of the patient as well, who waits there with another ticket. It says nothing then.
PATIENT_MAY_WAIT = ("transfer", "put_back", "undo", "come_back")
STATUSES = ("waiting", "held", "called", "serving", "completed", "missed", "cancelled")


def check(journal: list[Entry], events: list[Event], tickets: dict[int, Row], world: World) -> list[Problem]:
    """Everything that is not as it must be. `events` in the order of their ids, from the clinic's first.

    Whoever acts without a key must be in the journal, and then with verbs only that always leave an event.
    """
    looked = gc.isenabled()
    gc.disable()  # all is kept until the end: looking for garbage in it takes longer than the checks
    try:
        return _problems(journal, [{**event, "at": _instant(event["at"])} for event in events], tickets, world)
    finally:
        if looked:
            gc.enable()


def _problems(journal: list[Entry], events: list[Event], tickets: dict[int, Row], world: World) -> list[Problem]:
    asked = actions(journal, events)
    replay = Replay(world, {event["id"]: action for action in asked for event in action.events})
    replay.run(events)
    happened = [(action, event["id"], replay.touched.get(event["id"], set())) for action, event in _ties(asked)]
    bounds = Bounds(happened)
    return [
        *_of_events(asked),
        *replay.problems,
        *(problem for action in asked for problem in _of_answers(action)),
        *(problem for found in happened for problem in _of_time(bounds, *found)),
        *(problem for action in asked for problem in _of_moments(bounds, replay, action)),
        *rows.problems(events, tickets),
    ]


def _ties(asked: list[Action]) -> Iterator[tuple[Action, Event]]:
    return ((action, event) for action in asked for event in action.events)


def _instant(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _of_events(asked: list[Action]) -> Iterator[Problem]:
    """So many as the answers allow."""
    for action in (action for action in asked if action.certain):
        count, entry = len(action.events), action.begun
        if count > 1:
            yield Problem(f"operation {entry.op} happened {count} times", action.witness)
        elif count and len(action.of(FAIL)) == len(action.operations):
            yield Problem(f"operation {entry.op} was refused, and has happened", action.witness)
        elif not count and action.of(OK) and entry.verb not in IDLE:
            yield Problem(f"operation {entry.op} was acknowledged, and is lost", action.witness)
        for again in action.of(FAIL):
            if again.begun.t > action.end and again.ended and again.ended.out.get("status", 409) == 409:
                yield Problem(
                    f"operation {again.begun.op} was done before with its key, and is refused", action.witness
                )


def _of_answers(action: Action) -> Iterator[Problem]:
    """Each says what history says."""
    for event in action.events:
        for operation in action.operations:
            begun, witness = operation.begun, (*operation.entries, event)
            what = f"event {event['id']} is {event['verb']} of ticket {event['object_id']}"
            if (event["model"], event["verb"]) != (TICKET, LEAVES[begun.verb]):
                yield Problem(f"operation {begun.op} was to {begun.verb}, and its {what}", witness)
            if begun.given.get("ticket") not in (None, event["object_id"]):
                yield Problem(f"operation {begun.op} was about ticket {begun.given['ticket']}, and its {what}", witness)
            if operation.type == OK and operation.ticket != event["object_id"]:
                yield Problem(f"operation {begun.op} was told of ticket {operation.ticket}, and its {what}", witness)


def _of_time(bounds: Bounds, action: Action, event: int, scopes: set[Scope]) -> Iterator[Problem]:
    """Whoever began after another had ended comes after it in the same line."""
    for kind, line in (scope for scope in scopes if scope[0] == "line"):
        earlier = bounds.low(("line", line), action.begin)
        if earlier and earlier[0] > event:
            ops = f"operation {action.begun.op} began after operation {earlier[1].begun.op} had ended"
            witness = (*earlier[1].witness, *action.witness)
            yield Problem(f"{ops}, and stands before it in the {kind} of service {line}", witness)
            return


def _of_moments(bounds: Bounds, replay: Replay, action: Action) -> Iterator[Problem]:
    """An answer that left no event was right at a moment between its question and itself."""
    for operation in action.operations:
        for thing, scopes in _ground(operation, action, replay.world):
            begin, end = operation.begun.t, operation.ended.t if operation.ended else operation.begun.t
            low, high = bounds.window(scopes, begin, end)
            if not replay.spells.was(thing, low, high):
                told = operation.ended and operation.ended.out.get("code", OK)
                words = " ".join(map(str, thing))
                sentence = (
                    f"operation {operation.begun.op} was told {told}, and at no moment meanwhile was it so: {words}"
                )
                near = [found for scope in scopes for found in _around(bounds, scope, begin, end)]
                yield Problem(sentence, (*operation.entries, *(thing for one in near for thing in one.witness)))


def _around(bounds: Bounds, scope: Scope, begin: float, end: float) -> list[Action]:
    found = (bounds.low(scope, begin), bounds.high(scope, end))
    return [one[1] for one in found if one]


def _ground(operation: Operation, action: Action, world: World) -> Iterator[tuple[tuple[Any, ...], list[Scope]]]:
    """What must have been so for this answer, and under the locks of what it was read."""
    begun, given = operation.begun, operation.begun.given
    code = str(operation.ended.out.get("code")) if operation.ended and operation.type == FAIL else ""
    ticket, room, status = given.get("ticket"), given.get("room"), code.removeprefix("already_")
    if code == "nobody_waiting":
        yield ("empty", room), [("line", service) for service in world.rooms[room]]
    elif code == "room_busy" and room:
        yield ("busy", room), [("room", room)]
    elif status in STATUSES and ticket and (status != "waiting" or begun.verb not in PATIENT_MAY_WAIT):
        yield ("status", ticket, status), [("ticket", ticket)]
    elif operation.type == OK and not action.events and begun.verb == "prioritise":
        yield ("priority", ticket, given["priority"]), [("ticket", ticket)]
    elif operation.type == OK and not action.events and begun.verb in IDLE:
        yield ("status", ticket, IDLE[begun.verb]), [("ticket", ticket)]
