"""History in words: "maria called A-014 to Room 2". Without personal data, like history itself.

In the language of whoever reads; the audit trail is sealed in English.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from queueing import refusals
from queueing.models import Display, Event, Kiosk, Priority, Room, Service, Ticket

SENTENCES = {
    "ticket.issued": _("{who} issued {what} for {service}"),
    "ticket.called": _("{who} called {what} to {room}"),
    "ticket.recalled": _("{who} called {what} to {room} again"),
    "ticket.started": _("{who} started with {what}"),
    "ticket.coming": _("{who} of {what} is coming"),
    "ticket.delayed": _("{who} of {what} took more time"),
    "ticket.completed": _("{who} completed {what}"),
    "ticket.missed": _("{who} noted that {what} did not come"),
    "ticket.cancelled": _("{who} cancelled {what}"),
    "ticket.held": _("{who} put {what} on hold"),
    "ticket.released": _("{who} let {what} wait again"),
    "ticket.put_back": _("{who} put {what} back in line"),
    "ticket.transferred": _("{who} sent {what} on to {service}"),
    "ticket.prioritised": _("{who} gave {what} the priority {priority}"),
    "ticket.moved": _("{who} moved {what} in line"),
    "ticket.renumbered": _("{who} spread the line around {what}"),
    "ticket.reopened": _("{who} reopened {what}"),
    "ticket.undone": _("{who} took the last step of {what} back"),
    "patient.erased": _("{who} erased the personal data of {what}"),
    "history.rebased": _("{who} took up history after a restore, behind {what}"),
    "history.pruned": _("{who} took {events} sealed events up to {what} out of history"),
    "room.paused": _("{who} paused {what}"),
    "room.resumed": _("{who} opened {what} again"),
    "device.paired": _("{who} paired {what}"),
    "device.removed": _("{who} took the pairing of {what} back"),
    "roomservice.added": _("{who} let {room} serve {service}"),
    "roomservice.removed": _("{who} let {room} serve {service} no longer"),
}
#: Of changes that no verb made; `columns` are those of the table.
PLAIN = {
    "added": _("{who} added {what}"),
    "changed": _("{who} changed {what}{columns}"),
    "removed": _("{who} removed {what}"),
}
NAMED = {
    "queueing.ticket": (Ticket, "code"),
    "queueing.service": (Service, "name"),
    "queueing.room": (Room, "name"),
    "queueing.display": (Display, "name"),
    "queueing.kiosk": (Kiosk, "name"),
}


class Told(Protocol):
    """An event, or the entry that seals it."""

    actor: str
    verb: str
    model: str
    object_id: int
    changes: dict[str, Any]

    @property
    def action(self) -> str: ...

    @property
    def service_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Names:
    """What rows are called now. A row that is gone goes by the name it had, or by its kind and number."""

    names: dict[tuple[str, int], str]

    def get(self, model: str, key: int | None) -> str:
        if key is None:
            return gettext("no %(kind)s") % {"kind": _kind(model)}
        return self.names.get((model, key)) or f"{_kind(model)} {key}"


def names_for(events: Iterable[Told]) -> Names:
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


def sentence(event: Told, names: Names) -> str:
    past = event.verb.rpartition(".")[2]
    template = SENTENCES.get(event.verb) or PLAIN.get(past) or f"{{who}} {past.replace('_', ' ')} {{what}}{{columns}}"
    return gettext(template).format(
        who=refusals.person(event.actor),
        what=names.get(event.model, event.object_id),
        service=names.get("queueing.service", event.service_id),
        room=names.get("queueing.room", _in(event, "room_id")),
        priority=_priority(_after(event, "priority")),
        events=_after(event, "events"),
        columns=_columns(event),
    )


def _after(event: Told, column: str) -> Any:
    return event.changes.get(column, [None, None])[1]


def _in(event: Told, column: str) -> Any:
    """What the column is now, or was in a row that is removed."""
    before, after = event.changes.get(column, [None, None])
    return before if event.action == Event.Action.DELETE else after


def _last_name(event: Told) -> str | None:
    """Of a row that is removed: the only place where its name still stands."""
    column = NAMED.get(event.model, (None, ""))[1]
    return event.changes.get(column, [None])[0] if event.action == Event.Action.DELETE else None


def _priority(value: str | None) -> str:
    return str(Priority(value).label).lower() if value else ""


def _columns(event: Told) -> str:
    if event.action != Event.Action.UPDATE or not event.changes:
        return ""
    return f" ({', '.join(sorted(column_name(event.model, column) for column in event.changes))})"


def column_name(model: str, column: str) -> str:
    """What people call it. A column that the table has no more keeps its own name."""
    try:
        return str(apps.get_model(model)._meta.get_field(column).verbose_name)
    except (LookupError, FieldDoesNotExist):
        return column


def _kind(model: str) -> str:
    return str(apps.get_model(model)._meta.verbose_name)
