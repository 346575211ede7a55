"""Each rule is broken with plain SQL, and the database refuses it by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction

from queueing import tickets
from queueing.models import TRACKED, UNTRACKED, Device, Display, DisplayService, Kiosk
from tests.conftest import NINE, settle

TICKET = "queueing_ticket"


def refused(rule, statement, *params):
    """The statement runs, the deferred triggers too, and the rule with this name stops it."""
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert error.value.__cause__.diag.constraint_name == rule


@pytest.fixture
def waiting(issue):
    return issue()


@pytest.fixture
def serving(issue, room, sofia):
    ticket = tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=NINE)
    return tickets.start(ticket_id=ticket.pk, actor=sofia, at=NINE)


@pytest.fixture
def completed(serving, sofia):
    return tickets.complete(ticket_id=serving.pk, outcome="seen", actor=sofia, at=NINE)


def set_(ticket, assignment, *params):
    return (f"UPDATE {TICKET} SET {assignment} WHERE id = {ticket.pk}", *params)


def copy_of(ticket, **instead):
    """An INSERT of the same ticket with other values in some columns."""
    columns = [field.column for field in ticket._meta.concrete_fields if field.column != "id"]
    values = ", ".join(instead.get(column, column) for column in columns)
    return [f"INSERT INTO {TICKET} ({', '.join(columns)}) SELECT {values} FROM {TICKET} WHERE id = {ticket.pk}"]


class TestTicket:
    def test_one_per_position_while_waiting(self, waiting, issue):
        refused("ticket_one_per_position_while_waiting", *set_(issue(), "position = %s", waiting.position))

    def test_position_is_positive(self, waiting):
        refused("ticket_position_is_positive", *set_(waiting, "position = 0"))

    def test_token_is_its_own(self, waiting):
        refused("ticket_token_is_its_own", *copy_of(waiting, code="'A-999'", position="position + 1"))

    def test_code_is_unique_in_a_day(self, waiting):
        refused(
            "ticket_code_is_unique_in_a_day",
            *copy_of(waiting, position="position + 1", token="'other'"),
        )

    def test_one_open_per_room(self, serving, waiting):
        refused(
            "ticket_one_open_per_room",
            *set_(waiting, "status = 'called', called_at = now(), room_id = %s", serving.room_id),
        )

    def test_patient_waits_once_per_service(self, issue, make_patient):
        patient = make_patient()
        issue(patient=patient)
        refused("ticket_patient_waits_once_per_service", *set_(issue(), "patient_id = %s", patient.pk))

    @pytest.mark.parametrize("columns", ["outcome = 'seen'", "completed_by = 'omar'", ""])
    def test_completed_by_a_person(self, serving, columns):
        done = ", ".join(filter(None, ["status = 'completed', ended_at = now()", columns]))
        refused("ticket_completed_by_a_person_and_only_then", *set_(serving, done))

    @pytest.mark.parametrize("column", ["completed_by", "outcome", "reason"])
    def test_only_completed_has_who_completed_it(self, waiting, column):
        refused("ticket_completed_by_a_person_and_only_then", *set_(waiting, f"{column} = 'x'"))

    def test_unusual_outcome_has_a_reason(self, completed):
        refused("ticket_unusual_outcome_has_a_reason", *set_(completed, "outcome = 'left'"))

    def test_called_or_serving_has_a_room(self, serving):
        refused("ticket_called_or_serving_has_a_room", *set_(serving, "room_id = NULL"))

    @pytest.mark.parametrize(
        "columns", ["called_at = now()", "started_at = now()", "ended_at = now()", "status = 'cancelled'"]
    )
    def test_times_agree_with_waiting(self, waiting, columns):
        refused("ticket_times_agree_with_status", *set_(waiting, columns))

    @pytest.mark.parametrize("columns", ["called_at = NULL", "started_at = NULL", "ended_at = now()"])
    def test_times_agree_with_serving(self, serving, columns):
        refused("ticket_times_agree_with_status", *set_(serving, columns))

    def test_times_agree_with_completed(self, completed):
        refused("ticket_times_agree_with_status", *set_(completed, "ended_at = NULL"))

    def test_comes_only_when_called(self, waiting):
        refused("ticket_comes_only_when_called", *set_(waiting, "coming_at = now()"))

    def test_status_is_known(self, waiting):
        settle()
        with connection.cursor() as cursor:  # the rule about transitions would refuse it first
            cursor.execute(f"ALTER TABLE {TICKET} DISABLE TRIGGER ticket_rules")
        refused("ticket_status_is_known", *set_(waiting, "status = 'lost'"))

    def test_priority_is_known(self, waiting):
        refused("ticket_priority_is_known", *set_(waiting, "priority = 'vip'"))

    def test_starts_by_waiting(self, waiting):
        refused(
            "ticket_starts_by_waiting",
            *copy_of(waiting, code="'A-9'", status="'cancelled'", token="'other'", ended_at="now()"),
        )

    @pytest.mark.parametrize("change", ["code = 'Z-1'", "day = day + 1", "issued_at = now()", "token = 'x'"])
    def test_keeps_its_identity(self, waiting, change):
        refused("ticket_keeps_its_identity", *set_(waiting, change))


#: Some of them by undo only: see test_steps_back.py.
ALLOWED = {
    "waiting": {"called", "held", "cancelled", "serving", "missed"},
    "held": {"waiting", "called", "cancelled"},
    "called": {"serving", "completed", "missed", "cancelled", "waiting", "held"},
    "serving": {"completed", "waiting", "called"},
    "missed": {"waiting", "called"},
    "completed": {"serving"},
    "cancelled": {"waiting", "held", "called"},
}
#: What a state demands of the other columns.
STATE_RULES = [
    "ticket_times_agree_with_status",
    "ticket_completed_by_a_person_and_only_then",
    "ticket_called_or_serving_has_a_room",
    "ticket_unusual_outcome_has_a_reason",
]
#: Steps that only take another one back.
BACK = {
    "called": {"held"},
    "serving": {"called"},
    "missed": {"called"},
    "waiting": {"serving", "missed"},
    "cancelled": {"waiting", "held", "called"},
}
UNKNOWN = [(a, b) for a in ALLOWED for b in ALLOWED if a != b and b not in ALLOWED[a] | BACK.get(a, set())]


class TestTransitions:
    @pytest.fixture
    def bring(self, waiting):
        """Into any state, past all rules."""

        def bring(status):
            settle()
            with connection.cursor() as cursor:
                for trigger in ("ticket_has_history", "ticket_steps_back", "ticket_rules"):
                    cursor.execute(f"ALTER TABLE {TICKET} DISABLE TRIGGER {trigger}")
                for rule in STATE_RULES:
                    cursor.execute(f"ALTER TABLE {TICKET} DROP CONSTRAINT {rule}")
                cursor.execute(*set_(waiting, "status = %s")[:1], [status])
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                for trigger in ("ticket_steps_back", "ticket_rules"):
                    cursor.execute(f"ALTER TABLE {TICKET} ENABLE TRIGGER {trigger}")

        return bring

    @pytest.mark.parametrize(("before", "after"), UNKNOWN)
    def test_goes_only_where_verbs_go(self, waiting, bring, before, after):
        bring(before)
        refused("ticket_goes_where_verbs_go", *set_(waiting, "status = %s", after))

    @pytest.mark.parametrize(("before", "after"), [(a, b) for a in BACK for b in sorted(BACK[a])])
    def test_steps_back_by_undo_only(self, waiting, bring, before, after):
        bring(before)
        refused("ticket_steps_back_by_undo_only", *set_(waiting, "status = %s", after))


class TestSetUp:
    def test_prefix_is_its_own(self, service, make_service):
        refused(
            "service_prefix_is_its_own", "UPDATE queueing_service SET prefix = 'A' WHERE id = %s", make_service().pk
        )

    @pytest.mark.parametrize("prefix", ["a", "7", "", "A1"])
    def test_prefix_is_letters(self, service, prefix):
        refused("service_prefix_is_letters", "UPDATE queueing_service SET prefix = %s", prefix)

    def test_typical_minutes_is_positive(self, service):
        refused("service_typical_minutes_is_positive", "UPDATE queueing_service SET typical_minutes = 0")

    def test_room_open_needs_no_reason(self, room):
        refused("room_open_needs_no_reason", "UPDATE queueing_room SET closed_because = 'lunch'")

    def test_room_serves_a_service_once(self, room, service):
        refused(
            "room_serves_a_service_once",
            "INSERT INTO queueing_roomservice (room_id, service_id) VALUES (%s, %s)",
            room.pk,
            service.pk,
        )

    @pytest.fixture
    def hall(self, db):
        return Display.objects.create(name="Hall", slug="hall")

    def test_display_shows_a_service_once(self, service, hall):
        DisplayService.objects.create(display=hall, service=service)
        refused(
            "display_shows_a_service_once",
            "INSERT INTO queueing_displayservice (display_id, service_id) VALUES (%s, %s)",
            hall.pk,
            service.pk,
        )

    @pytest.mark.parametrize("size", ["screen_inches = 5", "viewing_distance_m = 31", "earlier_calls = 9"])
    def test_display_has_a_possible_size(self, hall, size):
        refused("display_has_a_possible_size", f"UPDATE queueing_display SET {size}")

    @pytest.mark.parametrize("choice", ["layout = 'round'", "sound = 'loud'"])
    def test_display_layout_and_sound_are_known(self, hall, choice):
        refused("display_layout_and_sound_are_known", f"UPDATE queueing_display SET {choice}")

    @pytest.fixture
    def device(self, hall):
        return Device.objects.create(display=hall, token_hash="x", paired_at=NINE, paired_by="sofia")

    def test_device_is_one_display_or_one_kiosk(self, device):
        kiosk = Kiosk.objects.create(name="Door", slug="door")
        refused("device_is_one_display_or_one_kiosk", "UPDATE queueing_device SET kiosk_id = %s", kiosk.pk)
        refused("device_is_one_display_or_one_kiosk", "UPDATE queueing_device SET display_id = NULL")

    def test_device_is_paired_by_a_person(self, device):
        refused("device_is_paired_by_a_person", "UPDATE queueing_device SET paired_by = ''")

    def test_patient_reference_is_its_own(self, make_patient):
        first, second = make_patient(), make_patient()
        refused(
            "patient_reference_is_its_own",
            "UPDATE queueing_patient SET reference = %s WHERE id = %s",
            first.reference,
            second.pk,
        )


class TestHistory:
    @pytest.mark.parametrize(
        "statement", ["UPDATE queueing_event SET actor = 'somebody else'", "DELETE FROM queueing_event"]
    )
    def test_is_append_only(self, waiting, statement):
        refused("history_is_append_only", statement)

    def test_knows_a_key_once(self, issue):
        issue(key="k")
        refused(
            "event_key_is_used_once",
            "INSERT INTO queueing_event (at, model, object_id, action, verb, actor, reason, changes, key)"
            " SELECT at, model, object_id, action, verb, actor, reason, changes, key FROM queueing_event"
            " WHERE key = 'k'",
        )

    def test_says_what_happened(self, waiting):
        refused(
            "event_says_what_happened",
            "INSERT INTO queueing_event (at, model, object_id, action, verb, actor, reason, changes)"
            " SELECT at, model, object_id, action, '', actor, reason, changes FROM queueing_event LIMIT 1",
        )


def test_every_named_rule_is_tried_here():
    here = Path(__file__).read_text()
    rules = [rule.name for model in (*TRACKED, *UNTRACKED) for rule in model._meta.constraints]
    assert [rule for rule in rules if f'"{rule}"' not in here] == []
