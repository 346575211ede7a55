"""What the page of a ticket tells its patient: one value. No name, and nothing of anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count, Q

from queueing import history, ordering, self_service, waiting
from queueing.models import Room, Ticket
from queueing.waiting import Range

Status = Ticket.Status
#: What a ticket goes through, told by bars.
STEPS: list[str] = [Status.WAITING, Status.CALLED, Status.SERVING]
#: The step that a status belongs to.
STEP: dict[str, str] = {Status.HELD: Status.WAITING, Status.COMPLETED: Status.SERVING}

#: So many presses of one patient in so many seconds.
PRESSES, PERIOD = 10, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """`ahead` and `expected` (None where no room is open, or it took too long already) are told while it waits."""

    ticket: Ticket
    at: datetime
    ahead: int
    expected: Range | None
    is_late: bool
    rooms: int
    open_rooms: int
    may_come_back: bool
    #: Marks what is pressed on this page. It changes with the ticket, so that a press repeated later does nothing more.
    key: str

    @property
    def steps(self) -> list[tuple[str, bool]]:
        """Name of each step, and whether it was reached. None of a ticket that ended without a consultation."""
        status = STEP.get(self.ticket.status, self.ticket.status)
        if status not in STEPS:
            return []
        reached = STEPS.index(status)
        return [(str(Status(step).label), number <= reached) for number, step in enumerate(STEPS)]


def read(ticket: Ticket, at: datetime) -> TicketPage:
    rooms = Room.objects.filter(serves__service=ticket.service).aggregate(
        all=Count("pk"), open=Count("pk", filter=Q(is_open=True))
    )
    ahead, late = ordering.place(ticket) - 1, is_late(ticket, at)
    return TicketPage(
        ticket=ticket,
        at=at,
        ahead=ahead,
        expected=_expected(ticket, ahead) if rooms["open"] and not late else None,
        is_late=late,
        rooms=rooms["all"],
        open_rooms=rooms["open"],
        may_come_back=self_service.given_back(ticket, at) is not None,
        key=f"{ticket.pk}-{history.of(ticket).values_list('pk', flat=True).first()}",
    )


def presses_too_often(ticket: Ticket) -> bool:
    """Counts also what is refused and leaves no event; each web process counts for itself."""
    key = f"presses-{ticket.pk}"
    if cache.add(key, 1, timeout=PERIOD):
        return False
    try:
        return cache.incr(key) > PRESSES
    except ValueError:  # the time was over in between
        return False


def is_late(ticket: Ticket, at: datetime) -> bool:
    """Whether it waits longer than its patient was told."""
    if not ticket.is_waiting or ticket.estimate_high is None:
        return False
    told = timedelta(minutes=ticket.estimate_high) + (self_service.MORE_TIME if ticket.more_time_at else timedelta())
    return at > ticket.issued_at + told


def _expected(ticket: Ticket, ahead: int) -> Range:
    return waiting.estimate(ahead=ahead, pace=waiting.paces([ticket.service_id])[ticket.service_id])
