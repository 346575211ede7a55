"""The clinic as it must be, in plain Python: what each verb makes of a ticket, and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.proof.lines import microseconds, moment
from tests.proof.state import IN_ROOM, NEW, TEXTS, WAITS, Act, Changes, Refused, State, Step, Ticket

#: What verbs start from; all but issue and call_next, which find their ticket.
FROM: dict[str, tuple[str, ...]] = {
    "call": WAITS,
    "recall": ("called",),
    "start": ("called",),
    "miss": ("called",),
    "complete": IN_ROOM,
    "cancel": (*WAITS, "called"),
    "hold": ("waiting",),
    "release": ("held",),
    "put_back": (*IN_ROOM, "missed"),
    "transfer": (*WAITS, *IN_ROOM),
    "prioritise": ("waiting",),
    "move": ("waiting",),
    "reopen": ("completed",),
    "come": ("called",),
    "take_more_time": ("waiting", "called"),
    "leave": (*WAITS, "called"),
    "come_back": ("cancelled",),
}
PATIENTS = ("come", "take_more_time", "leave", "come_back")
MINUTES = timedelta(minutes=10)
MORE_TIME = 10 * 60_000_000
#: What cannot be taken back, but for a patient's answer, which does not count.
FINAL = ("recall", "complete", "reopen", "undo", "come_back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of a ticket. `spread`: others that moved a little to make room."""

    ticket: int
    changes: Changes
    spread: dict[int, list[int]]


def apply(state: State, act: Act) -> Made:
    """Do it to the state.

    :raises Refused: if it must be; the state stays as it was
    """
    if act.verb in ("move", "reopen") or act.given.get("outcome", "seen") != "seen":
        _expect(bool(act.given.get("reason", "").strip()), "reason_needed")
    ticket = _called_next(state, act.given["room"]) if act.verb == "call_next" else act.ticket or 0
    before = state.tickets.get(ticket, NEW)
    if act.verb in FROM and before["status"] not in FROM[act.verb]:
        raise Refused("not_now" if act.verb in PATIENTS else f"already_{before['status']}")
    after = dict(before)
    spread = VERBS[act.verb](state, ticket, after, act) or {}
    changes = state.write(ticket, after)
    if changes:
        state.steps.setdefault(ticket, []).append(Step(act, changes))
    return Made(ticket=ticket, changes=changes, spread=spread)


def _expect(right: bool, code: str) -> None:
    if not right:
        raise Refused(code)


def _called_next(state: State, room: int) -> int:
    state.expect_free(room)
    ticket = state.head(room)
    if ticket is None:
        raise Refused("nobody_waiting")
    return ticket


def _issue(state: State, ticket: int, t: Ticket, act: Act) -> None:
    service, priority = act.given["service"], act.given["priority"]
    _expect(service not in state.closed_services, "service_closed")
    line, rules = state.lines[service], state.world.services[service]
    number = line.next_number(act.at.astimezone(state.zone).date().isoformat())
    arrival = line.arrive(act.at)
    t.update(dict.fromkeys(TEXTS, ""), service_id=service, priority=priority, status="waiting", call_count=0)
    t.update(code=f"{rules['prefix']}-{number:03d}", day=line.day, issued_at=moment(arrival))
    t["position"] = line.enter(arrival - rules["head_start"][priority])


def _call(state: State, ticket: int, t: Ticket, act: Act) -> None:
    room = act.given["room"]
    _expect(t["service_id"] in state.world.rooms.get(room, ()), "room_does_not_serve")
    state.expect_free(room)
    t.update(status="called", room_id=room, called_at=act.at.isoformat(), coming_at=None)
    t["call_count"] += 1


def _recall(state: State, ticket: int, t: Ticket, act: Act) -> None:
    t.update(called_at=act.at.isoformat(), call_count=t["call_count"] + 1)


def _start(state: State, ticket: int, t: Ticket, act: Act) -> None:
    t.update(status="serving", started_at=act.at.isoformat())


def _miss(state: State, ticket: int, t: Ticket, act: Act) -> None:
    t.update(status="missed", ended_at=act.at.isoformat())


def _complete(state: State, ticket: int, t: Ticket, act: Act) -> None:
    _expect(act.actor not in ("", "patient"), "needs_a_person")
    t.update(status="completed", ended_at=act.at.isoformat(), completed_by=act.actor)
    t.update(outcome=act.given["outcome"], reason=act.given.get("reason", "").strip())


def _cancel(state: State, ticket: int, t: Ticket, act: Act) -> None:
    t.update(status="cancelled", ended_at=act.at.isoformat())


def _hold(state: State, ticket: int, t: Ticket, act: Act) -> None:
    t["status"] = "held"


def _wait(state: State, ticket: int, t: Ticket, act: Act) -> None:
    """Back into the line: to its old position, or to the end."""
    line = state.lines[t["service_id"]]
    t.update(status="waiting", room_id=None, called_at=None, started_at=None, ended_at=None, coming_at=None)
    t["position"] = line.enter(line.arrive(act.at) if act.given.get("at_end") else t["position"])


def _transfer(state: State, ticket: int, t: Ticket, act: Act) -> None:
    _expect(t["service_id"] != act.given["service"], "already_there")
    _expect(act.given["service"] not in state.closed_services, "service_closed")
    t["service_id"] = act.given["service"]
    _wait(state, ticket, t, act)


def _prioritise(state: State, ticket: int, t: Ticket, act: Act) -> None:
    if t["priority"] != act.given["priority"]:
        t["priority"] = act.given["priority"]
        head_start = state.world.services[t["service_id"]]["head_start"][t["priority"]]
        arrival = microseconds(datetime.fromisoformat(t["issued_at"]))
        t["position"] = state.lines[t["service_id"]].enter(arrival - head_start)


def _move(state: State, ticket: int, t: Ticket, act: Act) -> dict[int, list[int]]:
    """Between its neighbours; a line without room between two of them is spread first."""
    line, spread = state.lines[t["service_id"]], {}
    position = line.between(t["position"], ticket, act.given["place"])
    if position == 0:
        spread = state.spread(t["service_id"])
        t["position"] = state.tickets[ticket]["position"]
        position = line.between(t["position"], ticket, act.given["place"])
    if position is None:
        raise Refused("no_such_place")
    if position != t["position"]:
        t["position"] = line.enter(position)
    return spread


def _reopen(state: State, ticket: int, t: Ticket, act: Act) -> None:
    state.expect_empty(t["room_id"])
    t.update(dict.fromkeys(TEXTS, ""), status="serving", ended_at=None)
    t["started_at"] = t["started_at"] or act.at.isoformat()


def _come(state: State, ticket: int, t: Ticket, act: Act) -> None:
    t["coming_at"] = t["coming_at"] or act.at.isoformat()


def _take_more_time(state: State, ticket: int, t: Ticket, act: Act) -> None:
    """Ten minutes later, never past the present, and behind the next one at least."""
    _expect(not t["more_time_at"], "not_now")
    line = state.lines[t["service_id"]]
    later = min(t["position"] + MORE_TIME, max(microseconds(act.at), line.last_arrival))
    behind = line.behind(t["position"])
    t["position"] = later if behind is None else max(later, behind + 1)
    t["more_time_at"] = act.at.isoformat()
    _wait(state, ticket, t, act)


def _come_back(state: State, ticket: int, t: Ticket, act: Act) -> None:
    left = state.steps[ticket][-1]
    _expect(left.act.verb in ("leave", "cancel") and left.act.actor == "patient", "not_now")
    _expect(act.at - left.act.at <= MINUTES, "not_now")
    _wait(state, ticket, t, act)
    t["status"] = "held" if left.changes["status"][0] == "held" else "waiting"


def _undo(state: State, ticket: int, t: Ticket, act: Act) -> None:
    """The latest step, or the one that is so many before it: that one is refused."""
    steps = [step for step in state.steps[ticket] if step.act.verb != "come"]
    nth = act.given.get("before", 0)
    step = steps[-1 - nth]
    _expect(step.act.verb not in FINAL, "not_undoable")
    _expect(nth == 0, "stale_version")
    _expect(act.at - step.act.at <= MINUTES, "too_late")
    if step.act.verb == "issue":
        t.update(status="cancelled", ended_at=act.at.isoformat())
        return
    t.update({column: before for column, (before, _after) in step.changes.items() if column != "call_count"})
    if t["status"] in WAITS:
        t["coming_at"] = None
    if t["status"] in IN_ROOM:
        state.expect_empty(t["room_id"], ticket)
    if t["status"] == "waiting":
        t["position"] = state.lines[t["service_id"]].enter(t["position"])


VERBS = {
    "issue": _issue,
    "call_next": _call,
    "call": _call,
    "recall": _recall,
    "start": _start,
    "miss": _miss,
    "complete": _complete,
    "cancel": _cancel,
    "hold": _hold,
    "release": _wait,
    "put_back": _wait,
    "transfer": _transfer,
    "prioritise": _prioritise,
    "move": _move,
    "reopen": _reopen,
    "undo": _undo,
    "come": _come,
    "take_more_time": _take_more_time,
    "leave": _cancel,
    "come_back": _come_back,
}
