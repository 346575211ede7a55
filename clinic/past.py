"""What was done to tickets: the version of each, why it stands where it stands, and what can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from queueing import history, ordering, refusals, undoing
from queueing.models import Event, Priority, Ticket

TICKET = Ticket._meta.label_lower
#: Verbs that say why a ticket stands where it stands; the latest of them holds.
EXPLAINING = ["ticket.held", "ticket.moved", "ticket.prioritised", "ticket.put_back", "ticket.transferred"]
#: So many of a person's last actions stand at the desk, looked for among so many events of everybody.
MINE, LOOKED_AT = 10, 2_000


@dataclass(slots=True, kw_only=True)
class Past:
    """What was done to one ticket: last of all, last but for an answer of the patient, and in order what holds."""

    last: Event | None = None
    step: Event | None = None
    steps: list[Event] = field(default_factory=list)

    def add(self, event: Event) -> None:
        self.last = event
        if event.verb in undoing.ANSWERS:
            return
        self.step = event
        if event.verb == "ticket.undone":
            del self.steps[-1:]
        else:
            self.steps.append(event)

    @property
    def version(self) -> int | None:
        return self.last.pk if self.last else None

    @property
    def why(self) -> Event | None:
        return next((event for event in reversed(self.steps) if event.verb in EXPLAINING), None)

    def undo(self, at: datetime) -> int | None:
        """The event that can be taken back."""
        return self.step.pk if self.step and undoing.can_be_undone(self.step, at) else None


#: Of a ticket whose events are gone.
NOTHING = Past()


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that a person did lately; `undo` is its event if that can be taken back."""

    event: int
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
        code=Subquery(code), overtaken=Exists(later.exclude(verb__in=[history.RENUMBERED, *undoing.ANSWERS]))
    )
    return [
        Action(
            event=event.pk,
            sentence=refusals.did(event, event.code),
            undo=None if event.overtaken or not undoing.can_be_undone(event, at) else event.pk,
        )
        for event in events.order_by("-pk")[:MINE]
    ]


def why(ticket: Ticket, event: Event | None) -> str:
    """Why the ticket stands where it stands, in words."""
    if ticket.status == Ticket.Status.HELD:
        return _("on hold: %(reason)s") % {"reason": event.reason} if event and event.reason else _("on hold")
    if event and event.verb == "ticket.moved":
        return _("moved by %(who)s: %(reason)s") % {"who": event.actor, "reason": event.reason}
    counts_from = timezone.localtime(ordering.moment(ticket.position))
    if counts_from.date() == timezone.localtime(ticket.issued_at).date():
        return _why_today(ticket, counts_from)
    hours = round((ticket.issued_at - counts_from).total_seconds() / 3600)
    return _("%(priority)s, counts %(hours)s h earlier") % {"priority": _priority(ticket), "hours": hours}


def _why_today(ticket: Ticket, counts_from: datetime) -> str:
    time = counts_from.strftime("%H:%M")
    if ticket.priority == Priority.LOW:
        return _("from %(time)s") % {"time": time}
    return _("%(priority)s, counts from %(time)s") % {"priority": _priority(ticket), "time": time}


def _priority(ticket: Ticket) -> str:
    return str(ticket.get_priority_display()).lower()


def minutes(at: datetime, since: datetime) -> int:
    """Whole minutes that have passed; never negative, whatever the clocks say."""
    return max(0, int((at - since).total_seconds() // 60))
