"""Steps that only undo takes are tried with plain SQL: refused by name without its event, taken with it."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from tests.conftest import NINE

NOBODY = "room_id = NULL, called_at = NULL, started_at = NULL, ended_at = NULL"
CALLED = "room_id = {room}, called_at = now(), started_at = NULL, ended_at = NULL"
SERVING = "room_id = {room}, called_at = now(), started_at = now(), ended_at = NULL"
MISSED = "room_id = {room}, called_at = now(), started_at = NULL, ended_at = now()"
#: From, to, and the columns that go with it.
STEPS = [
    ("called", "held", NOBODY),
    ("serving", "called", CALLED),
    ("missed", "called", CALLED),
    ("waiting", "serving", SERVING),
    ("waiting", "missed", MISSED),
    ("cancelled", "waiting", NOBODY),
    ("cancelled", "held", NOBODY),
    ("cancelled", "called", CALLED),
]


def step(ticket, room, status, columns, verb):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE queueing_ticket SET status = %s, {columns.format(room=room.pk)} WHERE id = %s", [status, ticket.pk]
        )
        cursor.execute(
            "INSERT INTO queueing_event (at, model, object_id, action, verb, actor, reason, changes)"
            " VALUES (%s, 'queueing.ticket', %s, 'update', %s, 'mallory', '', '{}')",
            [NINE, ticket.pk, verb],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db(transaction=True)  # a transaction of the test's own would hold the events of the setup too
class TestStepsBack:
    @pytest.mark.parametrize(("start", "end", "columns"), STEPS)
    def test_are_refused_to_everything_but_undo(self, start, end, columns, issue, room, at):
        ticket = at(issue(), start, room)

        with pytest.raises(IntegrityError) as refused:
            step(ticket, room, end, columns, "ticket.changed")

        assert refused.value.__cause__.diag.constraint_name == "ticket_steps_back_by_undo_only"
        ticket.refresh_from_db()
        assert ticket.status == start

    @pytest.mark.parametrize(("start", "end", "columns"), STEPS)
    def test_are_taken_by_undo(self, start, end, columns, issue, room, at):
        ticket = at(issue(), start, room)

        step(ticket, room, end, columns, "ticket.undone")

        ticket.refresh_from_db()
        assert ticket.status == end
