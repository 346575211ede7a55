"""Tickets in any state."""

from __future__ import annotations

import pytest

from queueing import tickets
from queueing.models import Ticket
from tests.conftest import NINE

Status = Ticket.Status


@pytest.fixture
def at(sofia):
    """Brings a ticket into a state by the verbs that lead there."""

    def bring(ticket, status, room):
        act = {"ticket_id": ticket.pk, "actor": sofia, "at": NINE}
        if status == Status.HELD:
            return tickets.hold(**act)
        if status == Status.CANCELLED:
            return tickets.cancel(**act)
        if status != Status.WAITING:
            ticket = tickets.call(room_id=room.pk, **act)
        if status == Status.MISSED:
            return tickets.miss(**act)
        if status in (Status.SERVING, Status.COMPLETED):
            ticket = tickets.start(**act)
        if status == Status.COMPLETED:
            ticket = tickets.complete(outcome="seen", **act)
        return ticket

    return bring
