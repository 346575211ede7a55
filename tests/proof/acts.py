"""What a person can press, as the desk and the admin take it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.acceptance.faults.running import kept_as


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    #: The function of `queueing.tickets`, or `undo`.
    verb: str
    path: str
    sent: dict[str, Any] = field(default_factory=dict)
    #: What the desk adds to the key of the form; empty for the admin, whose forms have none.
    purpose: str = ""
    given: dict[str, Any] = field(default_factory=dict)

    def kept_key(self, key):
        return kept_as(key, self.purpose) if self.purpose else None


def issue(service, priority):
    sent = {"service_id": service, "priority": priority}
    given = {"service": service, "priority": priority}
    return Act(verb="issue", path="/desk/issue/", sent=sent, purpose="issue", given=given)


def call_next(room):
    return Act(verb="call_next", path=f"/desk/rooms/{room}/call-next/", purpose=f"next-{room}", given={"room": room})


def press(verb, ticket, sent=None, **given):
    """One of the verbs that the desk does to a ticket."""
    slug = verb.replace("_", "-")
    given = {"ticket": ticket, **given}
    return Act(
        verb=verb, path=f"/desk/tickets/{ticket}/{slug}/", sent=sent or {}, purpose=f"{slug}-{ticket}", given=given
    )


def call(ticket, room):
    return press("call", ticket, {"room_id": room}, room=room)


def put_back(ticket, at_end):
    return press("put_back", ticket, {"at_end": "on"} if at_end else {}, at_end=at_end)


def transfer(ticket, service, at_end):
    sent = {"service_id": service, **({"at_end": "on"} if at_end else {})}
    return press("transfer", ticket, sent, service=service, at_end=at_end)


def prioritise(ticket, priority):
    return press("prioritise", ticket, {"priority": priority}, priority=priority)


def move(ticket, place):
    return press("move", ticket, {"place": place, "reason": "faint"}, place=place, reason="faint")


def undo(event, ticket):
    given = {"event": event, "ticket": ticket}
    return Act(verb="undo", path=f"/desk/events/{event}/undo/", purpose=f"undo-{event}", given=given)


def complete(ticket, outcome):
    sent = {"outcome": outcome, "reason": "" if outcome == "seen" else "went home"}
    path = f"/admin/queueing/ticket/{ticket}/complete/"
    return Act(verb="complete", path=path, sent=sent, given={"ticket": ticket, **sent})


def reopen(ticket):
    path = f"/admin/queueing/ticket/{ticket}/reopen/"
    return Act(verb="reopen", path=path, sent={"reason": "too soon"}, given={"ticket": ticket, "reason": "too soon"})
