"""What was done to tickets: the version of each, why it stands where it stands, and what can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from queueing import history, refusals, undoing
from queueing.models import Event, Ticket

TICKET = Ticket._meta.label_lower
#: Verbs that say why a ticket stands where it stands; the latest of them holds.
EXPLAINING = ["ticket.held", "ticket.moved", "ticket.prioritised", "ticket.put_back", "ticket.transferred"]
#: So many of a person's last actions stand at the desk, looked for among so many events of everybody.
MINE, LOOKED_AT = 10, 2_000


@dataclass(slots=True, kw_only=True)
class Past:
    """What was done to one ticket and not taken back, in order."""

    last: Event | None = None
    steps: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        self.last = event
        if event.verb == "ticket.undone":
            del self.steps[-1:]
        else:
            self.steps.append(event)

    @property
    def version(self) -> int | None:
        return self.last and self.last.pk

    @property
    def why(self) -> Event | None:
        return next((event for event in reversed(self.steps) if event.verb in EXPLAINING), None)

    def undo(self, at: datetime) -> int | None:
        """The event that can be taken back."""
        return self.last.pk if self.last and undoing.can_be_undone(self.last, at) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a person did lately; `undo` is its event if that can be taken back."""

    sentence: str
    undo: int | None


def of(tickets: Iterable[Ticket]) -> dict[int, Past]:
    """What was done to each of these, in one statement."""
    events = Event.objects.filter(model=TICKET, object_id__in=[ticket.pk for ticket in tickets])
    columns = events.exclude(verb=history.RENUMBERED).only("object_id", "verb", "actor", "reason", "at")
    found: dict[int, Past] = {}
    for event in columns.order_by("id"):
        found.setdefault(event.object_id, Past()).add(event)
    return found


def mine(username: str, at: datetime) -> list[Action]:
    """The last actions of a person, the latest first, in one statement."""
    newest = Event.objects.order_by("-pk").values("pk")[:1]
    later = Event.objects.filter(model=TICKET, object_id=OuterRef("object_id"), pk__gt=OuterRef("pk"))
    code = Ticket.objects.filter(pk=OuterRef("object_id")).values("code")
    events = Event.objects.filter(pk__gt=Subquery(newest) - LOOKED_AT, model=TICKET, actor=username).annotate(
        code=Subquery(code), overtaken=Exists(later.exclude(verb=history.RENUMBERED))
    )
    return [
        Action(
            sentence=refusals.did(event, event.code),
            undo=None if event.overtaken or not undoing.can_be_undone(event, at) else event.pk,
        )
        for event in events.order_by("-pk")[:MINE]
    ]
