"""The check trusts no constraint: each is taken away, the fault is planted, and the check names the ticket."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection

from queueing import integrity, tickets
from tests.conftest import NINE, settle

FAULTS = {
    "missing": ("ALTER TABLE queueing_ticket ALTER position DROP NOT NULL", "position = NULL"),
    "duplicate": (
        "DROP INDEX ticket_one_per_position_while_waiting",
        "position = (SELECT min(position) FROM queueing_ticket)",
    ),
    "non_positive": ("ALTER TABLE queueing_ticket DROP CONSTRAINT ticket_position_is_positive", "position = -5"),
    "late": ("SELECT 1", "position = position + 1000000000"),
    "unexplained": ("SELECT 1", "call_count = 7"),
}


@pytest.fixture
def plant(issue, service):
    def plant(fault):
        prepare, assignment = FAULTS[fault]
        issue()
        wrong = issue()
        settle()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE queueing_ticket DISABLE TRIGGER ticket_has_history")
            cursor.execute(prepare)
            cursor.execute(f"UPDATE queueing_ticket SET {assignment} WHERE id = %s", [wrong.pk])
        return wrong

    return plant


class TestValidateQueueIntegrity:
    def test_finds_nothing_wrong_with_a_busy_line(self, issue, service, room, sofia):
        act = {"actor": sofia, "at": NINE}
        done = [issue(priority=p) for p in ("low", "high", "medium", "low", "low")]
        tickets.call_next(room_id=room.pk, **act)
        tickets.put_back(ticket_id=done[1].pk, at_end=True, **act)
        tickets.move(ticket_id=done[0].pk, place=3, reason="faint", **act)
        tickets.hold(ticket_id=done[2].pk, **act)
        tickets.cancel(ticket_id=done[3].pk, reason="went home", **act)

        report = integrity.validate_queue_integrity(service.pk)

        assert report.problems == []
        assert report.max_position == max(t.position for t in service.tickets.waiting())

    def test_has_no_last_position_where_nobody_waits(self, service):
        assert integrity.validate_queue_integrity(service.pk).max_position is None

    @pytest.mark.parametrize("fault", FAULTS)
    def test_names_the_ticket(self, fault, plant, service):
        wrong = plant(fault)

        report = integrity.validate_queue_integrity(service.pk)

        assert wrong.pk in getattr(report, fault)
        assert any(integrity.WORDS[fault] in problem for problem in report.problems)


class TestCheckqueues:
    def test_says_that_all_is_sound(self, issue):
        issue()
        said = io.StringIO()

        call_command("checkqueues", stdout=said)

        assert said.getvalue() == "General practice: sound\n"

    def test_exits_1_and_says_what_is_wrong(self, plant):
        wrong, said = plant("late"), io.StringIO()

        with pytest.raises(SystemExit) as stopped:
            call_command("checkqueues", stdout=said)

        assert stopped.value.code == 1
        assert f"tickets {wrong.pk} count from later than the last arrival" in said.getvalue()
