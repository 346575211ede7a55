"""What a verb sends is counted, and written down in docs/performance.md with the reason for each statement."""

from __future__ import annotations

import re
import uuid

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueing import history, tickets, undoing
from tests.conftest import NINE

ROW = re.compile(r"^\| `(\w+)` \| (\d+) \|", re.MULTILINE)


@pytest.fixture
def sent(sofia):
    """How many statements each verb sends when the desk presses it: with a key, and the version that was seen."""
    counted = {}

    def send(verb, ticket=None, **what):
        if ticket:
            what |= {"ticket_id": ticket.pk, "version": history.latest(ticket).pk}
        with CaptureQueriesContext(connection) as queries:
            done = verb(actor=sofia, at=NINE, key=uuid.uuid4().hex, **what)
        counted[verb.__name__] = len(queries)
        return done

    send.counted = counted
    return send


@pytest.mark.django_db(transaction=True)
def test_verbs_send_what_is_written_down(sent, sofia, service, room, make_service, issue):
    issue()  # which also asks for the rights of the person, once a request
    other = make_service()

    ticket = sent(tickets.issue, service_id=service.pk)
    called = sent(tickets.call_next, room_id=room.pk)
    sent(tickets.recall, called)
    sent(tickets.miss, called)
    sent(tickets.put_back, called)
    sent(tickets.prioritise, ticket, priority="high")
    sent(tickets.move, ticket, place=2, reason="faint")
    sent(tickets.hold, ticket)
    sent(tickets.release, ticket)
    sent(tickets.call, ticket, room_id=room.pk)
    sent(tickets.start, ticket)
    sent(tickets.complete, ticket, outcome="seen")
    sent(tickets.reopen, ticket, reason="not finished")
    sent(tickets.transfer, ticket, service_id=other.pk)
    sent(tickets.cancel, ticket)
    sent(undoing.undo, event_id=history.latest(ticket).pk)

    written = (settings.BASE_DIR / "docs" / "performance.md").read_text()
    assert sent.counted == {verb: int(number) for verb, number in ROW.findall(written)}
