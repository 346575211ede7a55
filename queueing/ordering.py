"""Who stands where, and why. A position is the microsecond from which a ticket counts as waiting: smaller is sooner.

Note [Lock order]
Whoever changes a line locks its Line row first, before reading any ticket of it; several lines in the order of their
primary keys, all at once, through `lock`. So two people never decide on the same picture, and never wait in a circle.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connection

from queueing import history
from queueing.models import Line, Service, Ticket

HEAD = (Path(__file__).parent / "sql" / "head.sql").read_text()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
#: Beyond every instant: where `renumber` parks the line for one statement.
FAR = 10**17
#: Microseconds between two tickets of a line that is too dense to spread.
STEP = 1000


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def moment(position: int) -> datetime:
    """The instant that a position stands for."""
    return EPOCH + position * MICROSECOND


def lock(*service_ids: int) -> list[Line]:
    """Lock the lines of these services, in the order given. See Note [Lock order].

    :raises Service.DoesNotExist: if one of them is no service
    """
    lines = Line.objects.locked(set(service_ids))
    if len(lines) < len(set(service_ids)):
        raise Service.DoesNotExist("There is no such service.")
    return [lines[service_id] for service_id in service_ids]


def arrive(line: Line, at: datetime) -> int:
    """The next instant of a locked line: now, or just after the last arrival if the clock stood still or went back.

    Nobody counts from as late, so that it is a free position.
    """
    line.last_arrival = max(microseconds(at), line.last_arrival + 1)
    line.keep_counters()
    return line.last_arrival


def enter(line: Line, ticket: Ticket, position: int) -> None:
    """Put a ticket into a locked line at the next free position at or after this one."""
    waiting = Ticket.objects.waiting().filter(service_id=line.pk)
    while waiting.filter(position=position).exists():
        position += 1
    if position > line.last_arrival:
        line.last_arrival = position
        line.keep_counters()
    ticket.position = position


def head(lines: list[Line]) -> Ticket | None:
    """The ticket to be called next from these locked lines: the smallest position, one index look-up a line."""
    return next(iter(Ticket.objects.raw(HEAD, [[line.pk for line in lines]])), None)


def place(ticket: Ticket) -> int:
    """1 for the ticket that is next. Counted, never stored."""
    ahead = Ticket.objects.waiting().filter(service_id=ticket.service_id, position__lt=ticket.position)
    return ahead.count() + 1


def between(line: Line, ticket: Ticket, place: int) -> int | None:
    """A free position that makes the ticket stand at this place of a locked line, or None if it has fewer places."""
    others = Ticket.objects.waiting().filter(service_id=line.pk).exclude(pk=ticket.pk).in_line()
    around: list[int] = list(others.values_list("position", flat=True)[max(place - 2, 0) : place])
    if place == 1:
        return (around[0] - STEP) if around else ticket.position
    if len(around) < 2:
        return around[0] + 1 if around else None
    before, after = around
    if after - before < 2:
        renumber(line)
        ticket.refresh_from_db()
        return between(line, ticket, place)
    return (before + after) // 2


def renumber(line: Line) -> None:
    """Spread a locked line evenly between its first and last position; the order stays, nobody passes the present."""
    tickets = list(Ticket.objects.waiting().filter(service_id=line.pk).in_line())
    if len(tickets) < 2:
        return
    last = tickets[-1].position
    first = min(tickets[0].position, last - STEP * (len(tickets) - 1))
    for number, ticket in enumerate(tickets):
        ticket.position = first + (last - first) * number // (len(tickets) - 1)
    moved = [ticket for ticket in tickets if ticket.changes()]
    _write_positions(moved)
    with history.operation(history.RENUMBERED):
        history.record_many(moved)


def _write_positions(tickets: list[Ticket]) -> None:
    """In two statements through a far place, so that the unique index never sees two tickets on one position."""
    keys, positions = [t.pk for t in tickets], [t.position for t in tickets]
    table = connection.ops.quote_name(Ticket._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET position = position + %s WHERE id = ANY(%s)", [FAR, keys])  # noqa: S608
        cursor.execute(
            f"UPDATE {table} t SET position = n.position"  # noqa: S608
            " FROM unnest(%s::bigint[], %s::bigint[]) AS n(id, position) WHERE t.id = n.id",
            [keys, positions],
        )
