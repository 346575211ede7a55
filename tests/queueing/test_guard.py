"""No change without history: every way around the models is refused at the commit."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from queueing import history
from queueing.models import (
    TRACKED,
    Device,
    Display,
    DisplayService,
    Event,
    Kiosk,
    Patient,
    Room,
    RoomService,
    Service,
    Ticket,
)
from queueing.tracking import UntrackedWrite
from tests.conftest import NINE

pytestmark = pytest.mark.django_db(transaction=True)


CHANGES = {
    Service: "UPDATE queueing_service SET typical_minutes = 77",
    Room: "UPDATE queueing_room SET is_open = NOT is_open",
    RoomService: "DELETE FROM queueing_roomservice",
    Display: "UPDATE queueing_display SET name = 'Elsewhere'",
    Kiosk: "UPDATE queueing_kiosk SET name = 'Elsewhere'",
    Device: "UPDATE queueing_device SET paired_by = 'nobody'",
    DisplayService: "DELETE FROM queueing_displayservice",
    Patient: "UPDATE queueing_patient SET show_name = NOT show_name",
    Ticket: "UPDATE queueing_ticket SET call_count = 7",
}


class Undo(Exception):
    """Leaves the table as it was."""


@pytest.fixture
def display(service):
    screen = Display.objects.create(name="Hall", slug="hall")
    DisplayService.objects.create(display=screen, service=service)
    Kiosk.objects.create(name="Entrance", slug="entrance")
    Device.objects.create(display=screen, token_hash="x", paired_at=NINE, paired_by="sofia")
    return screen


def refused_at_commit(statement, *params):
    with pytest.raises(IntegrityError, match="leaves no history"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


class TestGuard:
    def test_refuses_an_update_in_sql(self, issue):
        ticket = issue()

        refused_at_commit("UPDATE queueing_ticket SET call_count = 7")

        ticket.refresh_from_db()
        assert ticket.call_count == 0

    def test_refuses_an_insert_in_sql(self, service):
        refused_at_commit("INSERT INTO queueing_room (name, is_open, closed_because) VALUES ('Cellar', true, '')")
        assert not Room.objects.exists()

    def test_refuses_a_delete_in_sql(self, room):
        refused_at_commit("DELETE FROM queueing_roomservice")

    def test_refuses_an_update_past_the_tracked_manager(self, service):
        with pytest.raises(IntegrityError, match="leaves no history"):
            Service._base_manager.update(name="X")

    def test_refuses_an_event_of_an_earlier_transaction_as_alibi(self, issue):
        assert history.of(issue()).exists()
        refused_at_commit("UPDATE queueing_ticket SET call_count = 7")

    def test_lets_a_statement_pass_that_changes_no_row(self, service):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE queueing_service SET name = 'X' WHERE false")

    @pytest.mark.parametrize("model", TRACKED)
    def test_stands_on_every_tracked_table_and_is_what_refuses(self, model, issue, room, make_patient, display):
        """Without the trigger the same change passes: nothing else refuses it."""
        make_patient(), issue()
        trigger, table = f"{model._meta.model_name}_has_history", model._meta.db_table
        refused_at_commit(CHANGES[model])

        with pytest.raises(Undo), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
            cursor.execute(CHANGES[model])
            cursor.execute(f"SET CONSTRAINTS {trigger} IMMEDIATE")
            raise Undo


class TestTrackedQuerySet:
    @pytest.mark.parametrize(
        "write",
        [
            lambda: Ticket.objects.update(call_count=7),
            lambda: Ticket.objects.waiting().update(call_count=7),
            lambda: Room.objects.bulk_create([Room(name="Cellar")]),
            lambda: Room.objects.bulk_update([Room(pk=1, name="Cellar")], ["name"]),
        ],
    )
    def test_says_what_to_do_instead(self, write, db):
        with pytest.raises(UntrackedWrite, match="leaves no history; save each row"):
            write()


class TestRecord:
    def test_records_who_why_and_what(self, service):
        with history.operation(actor="sofia", reason="flu season"):
            service.typical_minutes = 12
            service.save()

        event = history.of(service)[0]
        assert (event.verb, event.actor, event.reason) == ("service.changed", "sofia", "flu season")
        assert event.changes == {"typical_minutes": [10, 12]}

    def test_records_only_the_columns_that_are_saved(self, service):
        service.typical_minutes, service.name = 12, "Not saved"
        service.save(update_fields=["typical_minutes"])

        assert history.of(service)[0].changes == {"typical_minutes": [10, 12]}

    def test_says_nothing_of_a_save_that_changes_nothing(self, service):
        before = Event.objects.count()

        service.save()

        assert Event.objects.count() == before

    def test_records_each_row_of_a_delete_and_of_its_cascade(self, room):
        room.delete()

        removed = Event.objects.filter(action=Event.Action.DELETE).values_list("verb", flat=True)
        assert sorted(removed) == ["room.removed", "roomservice.removed"]

    def test_masks_personal_fields(self, make_patient):
        patient = make_patient(name="Ana Example", phone="555")
        patient.name = "Ana Sample"
        patient.save()

        changed, added = history.of(patient)
        assert changed.changes == {"name": ["•", "•"]}
        assert added.changes["phone"] == [None, "•"]
        assert not Event.objects.filter(changes__icontains="Ana").exists()

    def test_counts_its_bytes_exactly(self, service):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT bytes, octet_length(model || verb || actor || reason || changes::text) FROM queueing_event"
            )
            assert all(stored == measured for stored, measured in cursor.fetchall())

    def test_rolls_back_with_the_change(self, service):
        before = Event.objects.count()
        with pytest.raises(RuntimeError), transaction.atomic():
            service.name = "Gone"
            service.save()
            raise RuntimeError

        assert Event.objects.count() == before

    def test_gives_every_board_that_shows_the_row_a_new_version(self, room, service, make_patient, issue):
        def version():
            return Service.objects.get(pk=service.pk).line.version

        patient = make_patient()
        issue(patient=patient)
        for change in (
            lambda: Room(pk=room.pk, name="Renamed").save(),
            lambda: Patient(pk=patient.pk, name="Ana", show_name=True).save(),
            lambda: issue(at=NINE),
        ):
            before = version()
            change()
            assert version() == before + 1
