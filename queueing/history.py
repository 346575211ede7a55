"""The only writer of Event. What happened, who did it and why, in the transaction that did it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models.signals import post_save
from django.utils import timezone

from queueing.models import Event, Line
from queueing.tracking import Changes, Tracked

#: Moves a ticket without anybody having done anything to it.
RENUMBERED = "ticket.renumbered"
PLAIN_VERBS = {Event.Action.INSERT: "added", Event.Action.UPDATE: "changed", Event.Action.DELETE: "removed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    verb: str = ""
    actor: str = ""
    reason: str = ""
    key: str | None = None
    at: datetime | None = None


NOBODYS = Operation()
_current: ContextVar[Operation] = ContextVar("operation", default=NOBODYS)


@contextmanager
def operation(
    verb: str = "", *, actor: str = "", reason: str = "", key: str | None = None, at: datetime | None = None
) -> Iterator[None]:
    """Every change inside is recorded as this verb, by this person (else the one around it), for this reason.

    Without a verb a change is named after its row: `room.changed`. `key` marks the one event of the operation, so
    that `find` tells a repetition from a new action.
    """
    actor = actor or _current.get().actor
    token = _current.set(Operation(verb=verb, actor=actor, reason=reason, key=key, at=at))
    try:
        yield
    finally:
        _current.reset(token)


def record(row: Tracked, action: Event.Action, only: Iterable[str] | None = None) -> None:
    """Write the Event of one saved or deleted row, and give the boards that show it a new version."""
    changes = row.removal() if action == Event.Action.DELETE else row.changes(only)
    if changes:
        _event(row, action, changes).save(force_insert=True)
        Line.objects.bump(row.shown_on())
    row.remember()


def record_many(rows: Sequence[Tracked]) -> None:
    """The same for rows of one model that one statement changed."""
    events = Event.objects.bulk_create(_event(row, Event.Action.UPDATE, row.changes()) for row in rows)
    Line.objects.bump({service for row in rows for service in row.shown_on()})
    # bulk_create sends no signal, and whoever waits for events needs one.
    post_save.send(Event, instance=events[-1], created=True, raw=False, using="default", update_fields=None)


def note(verb: str, *, model: str, object_id: int, changes: Changes) -> None:
    """Record what changed no tracked row, and has to stand in the audit trail all the same."""
    _new(verb, model=model, object_id=object_id, action=Event.Action.NOTE, changes=changes).save(force_insert=True)


def of(row: Tracked) -> models.QuerySet[Event]:
    """The events of one row, the latest first."""
    return Event.objects.filter(model=row._meta.label_lower, object_id=row.pk).order_by("-id")


def latest(row: Tracked) -> Event | None:
    """What was last done to the row. Its id is the row's version; a line that was spread around it does not count."""
    return of(row).exclude(verb=RENUMBERED).first()


def find(key: str | None) -> tuple[str, int] | None:
    """Verb and row of the event that an action with this key left, if it happened before."""
    if not key:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT verb, object_id FROM queueing_event WHERE key = %s", [key])
        found: tuple[str, int] | None = cursor.fetchone()
    return found


def _event(row: Tracked, action: Event.Action, changes: Changes) -> Event:
    return _new(
        f"{row._meta.model_name}.{PLAIN_VERBS[action]}",
        model=row._meta.label_lower,
        object_id=row.pk,
        service_id=_service_of(row),
        action=action,
        changes=changes,
    )


def _new(verb: str, **what: Any) -> Event:
    current = _current.get()
    return Event(
        at=current.at or timezone.now(),
        verb=current.verb or verb,
        actor=current.actor,
        reason=current.reason,
        key=current.key,
        **what,
    )


def _service_of(row: Tracked) -> int | None:
    service_id: int | None = row.pk if row._meta.model_name == "service" else getattr(row, "service_id", None)
    return service_id
