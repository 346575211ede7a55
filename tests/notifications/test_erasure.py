"""Nothing of an erased patient is found anywhere, also after a restore."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from notifications import boards, erasure
from notifications.models import AuditEntry, Cursor, DeadLetter, Delivery, Erasure
from notifications.sinks.replica import ReplicaSink
from queueing import history, tickets
from queueing.models import Event, Patient

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

PERSONAL = {"reference": "REF-77", "name": "Zenobia Quill", "phone": "555-0177"}
ERASE = {"reference": "REF-77", "actor": "sofia", "reason": "asked for it"}


def everything(redis):
    """All that both databases and Redis hold, as text by place."""
    found = {"redis": " ".join(redis.hvals(boards.BOARDS))}
    for side in ("default", "replica"):
        with connections[side].cursor() as cursor:
            for table in connections[side].introspection.table_names(cursor):
                cursor.execute(f"SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t")
                found[f"{side} {table}"] = cursor.fetchone()[0]
    return found


def places_of(redis, *needles):
    return {place for place, text in everything(redis).items() if any(needle in text for needle in needles)}


@pytest.fixture
def zenobia(clinic, desk, sofia, client, redis):
    """Seen and gone; her name stood on a screen, in the admin's log, in errors, on both sides."""
    client.force_login(sofia)
    client.post(reverse("admin:queueing_patient_add"), {**PERSONAL, "show_name": "on"})
    patient = Patient.objects.get()
    now = timezone.now()
    ticket = tickets.issue(service_id=clinic.first.pk, patient=patient, actor=sofia, at=now)
    desk.call_next(clinic.room)
    desk.complete(ticket)
    parked = {"sink": "replica", "error": "22001 for Zenobia Quill", "parked_at": now, "retry_at": now}
    DeadLetter.objects.create(model="queueing.patient", object_id=patient.pk, **parked)
    DeadLetter.objects.create(model="queueing.ticket", object_id=ticket.pk, **parked)
    moments = {"low_from": 0, "low_to": 0, "events": 0, "bytes": 0, "started_at": now, "finished_at": now}
    error = "IntegrityError: Key (reference)=(REF-77) already exists."
    Delivery.objects.create(sink="replica", outcome="failed", error=error, **moments)
    call_command("deliver", once=True)
    Cursor.objects.filter(sink="replica").update(state="blocked", error=error)
    return patient


class TestErasepatient:
    def test_leaves_nothing_anywhere(self, zenobia, redis):
        assert places_of(redis, *PERSONAL.values()) == {
            "redis",
            "default django_admin_log",
            "default notifications_cursor",
            "default notifications_deadletter",
            "default notifications_delivery",
            "default queueing_patient",
            "replica queueing_patient",
        }

        call_command("erasepatient", **ERASE)
        call_command("deliver", once=True)

        assert places_of(redis, *PERSONAL.values()) == set()
        call_command("comparereplica")
        call_command("checkqueues")

    def test_says_that_it_did_and_for_whom(self, zenobia, redis, capsys):
        call_command("erasepatient", **ERASE)
        call_command("deliver", once=True)

        assert capsys.readouterr().out.startswith(f"Erased patient {zenobia.pk}. ")
        entry = AuditEntry.objects.get(verb="patient.erased")
        assert (entry.sentence, entry.reason) == (
            f"sofia erased the personal data of patient {zenobia.pk}",
            "asked for it",
        )
        assert history.of(zenobia).first().changes == {
            "reference": ["•", None],
            "name": ["•", ""],
            "phone": ["•", ""],
            "show_name": [True, False],
        }
        assert Erasure.objects.get().actor == "sofia"

    def test_works_as_the_clinic_at_work(self, zenobia, at_work):
        call_command("erasepatient", **ERASE)

        assert not Patient.objects.get().name

    def test_waits_for_the_end_of_the_ticket(self, zenobia, clinic, sofia):
        ticket = tickets.issue(service_id=clinic.second.pk, patient=zenobia, actor=sofia, at=timezone.now())
        with pytest.raises(CommandError, match="open ticket: end it first. Nothing was erased"):
            call_command("erasepatient", **ERASE)
        assert Patient.objects.get().name == "Zenobia Quill"

        tickets.cancel(ticket_id=ticket.pk, actor=sofia, at=timezone.now())
        call_command("erasepatient", id=zenobia.pk, actor="sofia", reason="asked for it")
        assert not Patient.objects.get().name

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"reference": "REF-78"}, "no patient with the reference"),
            ({"actor": "nobody"}, "no user 'nobody': say with --actor"),
            ({"actor": ""}, "no user ''"),
            ({"reason": " "}, "Say with --reason why"),
            ({"reason": "zenobia quill asked"}, "repeats what is to be erased"),
        ],
    )
    def test_refuses_in_a_sentence(self, zenobia, wrong, words):
        before = Event.objects.count()

        with pytest.raises(CommandError, match=words):
            call_command("erasepatient", **ERASE | wrong)

        assert Patient.objects.get().name == "Zenobia Quill"
        assert (Event.objects.count(), Erasure.objects.count()) == (before, 0)


class TestAfterARestore:
    @pytest.fixture
    def restored(self, zenobia):
        """The primary has her again, and does not remember that she was erased."""
        call_command("erasepatient", **ERASE)
        ReplicaSink().anchor()
        zenobia.refresh_from_db()
        for name, value in PERSONAL.items():
            setattr(zenobia, name, value)
        zenobia.save()
        Erasure.objects.all().delete()

    def test_erases_again_whom_the_replica_remembers(self, restored, zenobia, redis, capsys):
        call_command("erasepatient", again=True)
        call_command("deliver", once=True)

        assert capsys.readouterr().out.endswith("Erased 1 patients again.\n")
        assert places_of(redis, *PERSONAL.values()) == set()
        assert Erasure.objects.get().actor == "sofia"

    def test_erases_also_whom_the_restored_day_still_waits_for(self, restored, zenobia, clinic, sofia):
        tickets.issue(service_id=clinic.second.pk, patient=zenobia, actor=sofia, at=timezone.now())

        assert erasure.again() == [zenobia.pk]

    def test_records_nothing_twice(self, restored):
        assert len(erasure.again()) == 1
        before = Event.objects.count()

        assert erasure.again() == []
        assert Event.objects.count() == before
