"""History in words: "maria called A-014 to Room 2". Without personal data, like history itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from queueing.models import Display, Event, Room, Service, Ticket

SENTENCES = {
    "ticket.issued": "{who} issued {what} for {service}",
    "ticket.called": "{who} called {what} to {room}",
    "ticket.recalled": "{who} called {what} to {room} again",
    "ticket.started": "{who} started with {what}",
    "ticket.completed": "{who} completed {what}",
    "ticket.missed": "{who} noted that {what} did not come",
    "ticket.cancelled": "{who} cancelled {what}",
    "ticket.held": "{who} put {what} on hold",
    "ticket.released": "{who} let {what} wait again",
    "ticket.put_back": "{who} put {what} back in line",
    "ticket.transferred": "{who} sent {what} on to {service}",
    "ticket.prioritised": "{who} gave {what} the priority {priority}",
    "ticket.moved": "{who} moved {what} in line",
    "ticket.renumbered": "{who} spread the line around {what}",
    "ticket.reopened": "{who} reopened {what}",
    "ticket.undone": "{who} took the last step of {what} back",
    "patient.erased": "{who} erased the personal data of {what}",
    "history.rebased": "{who} took up history after a restore, behind {what}",
    "history.pruned": "{who} took {events} sealed events up to {what} out of history",
    "roomservice.added": "{who} let {room} serve {service}",
    "roomservice.removed": "{who} let {room} serve {service} no longer",
}
NAMED = {
    "queueing.ticket": (Ticket, "code"),
    "queueing.service": (Service, "name"),
    "queueing.room": (Room, "name"),
    "queueing.display": (Display, "name"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What rows are called now. A row that is gone goes by the name it had, or by its kind and number."""

    names: dict[tuple[str, int], str]

    def get(self, model: str, key: int | None) -> str:
        if key is None:
            return f"no {_kind(model)}"
        return self.names.get((model, key)) or f"{_kind(model)} {key}"


def names_for(events: Iterable[Event]) -> Names:
    """Everything that the sentences of these events mention, in one query a table."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for event in events:
        wanted[event.model].add(event.object_id)
        wanted["queueing.service"] |= {event.service_id or 0, _after(event, "service_id") or 0}
        wanted["queueing.room"].add(_in(event, "room_id") or 0)
    found: dict[tuple[str, int], str] = {}
    for label, (model, column) in NAMED.items():
        rows = model._default_manager.filter(pk__in=wanted[label]).values_list("pk", column)
        found |= {(label, key): name for key, name in rows}
    found |= {(e.model, e.object_id): name for e in events if (name := _last_name(e))}
    return Names(found)


def sentence(event: Event, names: Names) -> str:
    template = SENTENCES.get(event.verb, "{who} " + _past(event) + " {what}{columns}")
    return template.format(
        who=event.actor or "somebody",
        what=names.get(event.model, event.object_id),
        service=names.get("queueing.service", event.service_id),
        room=names.get("queueing.room", _in(event, "room_id")),
        priority=_after(event, "priority"),
        events=_after(event, "events"),
        columns=_columns(event),
    )


def _after(event: Event, column: str) -> Any:
    return event.changes.get(column, [None, None])[1]


def _in(event: Event, column: str) -> Any:
    """What the column is now, or was in a row that is removed."""
    before, after = event.changes.get(column, [None, None])
    return before if event.action == Event.Action.DELETE else after


def _last_name(event: Event) -> str | None:
    """Of a row that is removed: the only place where its name still stands."""
    column = NAMED.get(event.model, (None, ""))[1]
    return event.changes.get(column, [None])[0] if event.action == Event.Action.DELETE else None


def _past(event: Event) -> str:
    return event.verb.rpartition(".")[2].replace("_", " ")


def _columns(event: Event) -> str:
    if event.action != Event.Action.UPDATE or not event.changes:
        return ""
    return f" ({', '.join(sorted(event.changes))})"


def _kind(model: str) -> str:
    return {"queueing.roomservice": "service of a room", "queueing.displayservice": "service of a display"}.get(
        model, model.rpartition(".")[2]
    )
