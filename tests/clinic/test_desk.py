import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueing import tickets
from queueing.models import Event, Patient, Ticket
from tests.clinic.conftest import text
from tests.conftest import NINE

pytestmark = pytest.mark.django_db(transaction=True)  # verbs insist on a transaction of their own


class TestPage:
    def test_shows_lines_rooms_and_what_a_newcomer_is_told(self, desk, issue, room, service, make_patient):
        issue(patient=make_patient(name="Ana Pereira"), priority="high")

        page = text(desk.get("/desk/"))

        assert "A-001" in page
        assert "Ana Pereira" in page
        assert "Urgent" in page
        assert "Call next" in page
        assert f"/desk/rooms/{room.pk}/call-next/" in page

    def test_asks_who_is_there(self, client, db):
        assert client.get("/desk/").headers["Location"] == "/sign-in/?next=/desk/"

    def test_refuses_people_without_any_right(self, sign_in, make_user):
        assert sign_in(make_user("eve")).get("/desk/").status_code == 403

    def test_is_for_reading_only(self, desk):
        assert desk.post("/desk/").status_code == 405

    def test_gives_an_auditor_nothing_to_press(self, sign_in, ada, called, issue):
        issue()

        page = text(sign_in(ada).get("/desk/"))

        assert "A-002" in page
        assert 'formaction="' not in page
        assert set(re.findall(r'action="(/desk/[^"]*)', page)) == {"/desk/", "/desk/settings/"}  # to look, and how

    def test_leads_those_who_may_to_completion_and_nobody_else(self, sign_in, maria, omar, called, sofia):
        tickets.start(ticket_id=called.pk, actor=sofia, at=NINE + timedelta(minutes=6))
        link = f"/admin/queueing/ticket/{called.pk}/complete/"

        assert link in text(sign_in(omar).get("/desk/"))
        assert link not in text(sign_in(maria).get("/desk/"))

    def test_says_why_a_ticket_stands_where_it_stands(self, desk, issue, service, sofia):
        service.medium_head_start_minutes = 60
        service.save()
        issue(priority="medium")
        moved, held = issue(), issue()
        tickets.move(ticket_id=moved.pk, place=1, reason="faint", actor=sofia, at=NINE)
        tickets.hold(ticket_id=held.pk, reason="at X-ray", actor=sofia, at=NINE)

        page = text(desk.get("/desk/"))

        assert "soon, counts from 08:00" in page
        assert "moved by sofia: faint" in page
        assert "on hold: at X-ray" in page

    def test_shows_one_line_or_what_is_searched_for(self, desk, issue, make_service, make_patient):
        nurse = make_service(name="Nurse", prefix="B")
        issue()
        issue(service_id=nurse.pk, patient=make_patient(name="Jürgen Müller", reference="NHS-77"))

        def rows(query):
            page = text(desk.get(f"/desk/{query}"))
            return [code for code in ("A-001", "B-001") if f'class="code">{code}<' in page]

        assert rows("") == ["A-001", "B-001"]
        assert rows(f"?service={nurse.pk}") == ["B-001"]
        assert rows("?q=a1") == ["A-001"]
        assert rows("?q=müll") == ["B-001"]
        assert rows("?q=nhs-77") == ["B-001"]
        assert rows("?q=nobody") == []
        assert rows("?service=9999999999999999999999") == ["A-001", "B-001"]
        assert rows("?service=²") == ["A-001", "B-001"]

    def test_lets_no_name_become_markup(self, desk, issue, make_patient):
        issue(patient=make_patient(name="<script>alert(1)</script>"))

        assert "<script>alert" not in text(desk.get("/desk/"))

    @pytest.mark.parametrize("by_htmx", [False, True])
    def test_asks_the_database_as_often_for_fifty_tickets_as_for_five(
        self, sign_in, sofia, issue, room, make_patient, by_htmx
    ):
        desk = sign_in(sofia, by_htmx=by_htmx)

        def queries_after(number):
            for _ in range(number):
                issue(patient=make_patient(name="Ana"), priority="high")
            with CaptureQueriesContext(connection) as queries:
                desk.get("/desk/")
            return len(queries)

        few = queries_after(5)
        assert queries_after(45) == few
        assert few <= 17


class TestTicketPage:
    def test_offers_every_verb_of_a_waiting_ticket(self, desk, issue, room, make_service):
        make_service(name="Nurse")
        ticket = issue()

        page = text(desk.get(f"/desk/tickets/{ticket.pk}/"))

        for verb in ("call", "prioritise", "move", "hold", "transfer", "cancel"):
            assert f"/desk/tickets/{ticket.pk}/{verb}/" in page
        assert "sofia issued A-001" in page

    def test_is_a_menu_without_a_page_around_it_for_htmx(self, sign_in, maria, issue):
        menu = text(sign_in(maria, by_htmx=True).get(f"/desk/tickets/{issue().pk}/"))

        assert "<html" not in menu
        assert "/hold/" in menu

    def test_of_a_ticket_that_does_not_exist_is_not_found(self, desk):
        assert desk.get("/desk/tickets/999/").status_code == 404


class TestIssue:
    def test_issues_and_goes_back_to_the_line_that_was_shown(self, desk, service):
        answer = desk.post(f"/desk/issue/?service={service.pk}", {"service_id": service.pk, "priority": "low"})

        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/desk/?service={service.pk}&issued={Ticket.objects.get().pk}"
        assert "A-001 issued for General practice" in text(desk.get("/desk/"))
        assert Ticket.objects.get().priority == "low"

    def test_records_who_it_was_also_for_the_patient(self, desk, service):
        desk.post("/desk/issue/", {"service_id": service.pk, "priority": "low", "reference": "NHS-77"})

        added = Event.objects.get(verb="patient.added")
        assert added.actor == Event.objects.get(verb="ticket.issued").actor == "maria"

    def test_happens_once_for_a_form_that_is_sent_twice(self, desk, service):
        form = {"service_id": service.pk, "priority": "low", "name": "Ana", "key": "0" * 32}

        assert desk.post("/desk/issue/", form).status_code == 302
        assert desk.post("/desk/issue/", form).status_code == 302

        assert Ticket.objects.count() == 1
        assert Patient.objects.count() == 1

    def test_finds_the_patient_by_reference(self, desk, service, make_patient):
        ana = make_patient(reference="NHS-77", name="Ana Pereira")

        desk.post("/desk/issue/", {"service_id": service.pk, "priority": "low", "reference": "NHS-77"})

        assert Ticket.objects.get().patient == ana

    def test_learns_the_name_and_the_consent_of_a_known_patient(self, desk, service, make_patient):
        ana = make_patient(reference="NHS-77")
        form = {"service_id": service.pk, "priority": "low", "reference": "NHS-77"}

        desk.post("/desk/issue/", {**form, "name": "Ana Pereira", "show_name": "on"})

        ana.refresh_from_db()
        assert (ana.name, ana.show_name) == ("Ana Pereira", True)
        assert Event.objects.get(verb="patient.changed").actor == "maria"

    def test_refuses_a_name_that_is_not_the_patients(self, desk, service, make_patient):
        make_patient(reference="NHS-77", name="Ana Pereira")
        form = {"service_id": service.pk, "priority": "low", "reference": "NHS-77", "name": "Omar Haddad"}

        answer = desk.post("/desk/issue/", form)

        assert answer.status_code == 422
        assert "NHS-77 is the reference of Ana Pereira." in text(answer)
        assert not Ticket.objects.exists()

    def test_takes_words_where_a_reference_may_stand_for_a_name(self, desk, service):
        desk.post("/desk/issue/", {"service_id": service.pk, "priority": "low", "reference": "Ana Pereira"})

        patient = Ticket.objects.get().patient
        assert (patient.name, patient.reference, patient.show_name) == ("Ana Pereira", None, False)

    def test_says_what_is_missing(self, desk, service):
        answer = desk.post("/desk/issue/", {"priority": "purple"})

        assert answer.status_code == 422
        assert "Please choose a service." in text(answer)
        assert not Ticket.objects.exists()

    def test_keeps_what_was_typed_when_it_is_refused(self, desk, service):
        service.is_open = False
        service.save()

        form = {"service_id": service.pk, "priority": "high", "reference": "NHS-77"}
        answer = desk.post("/desk/issue/", form)

        assert answer.status_code == 409
        assert "General practice is closed" in text(answer)
        assert 'value="NHS-77"' in text(answer)
        assert not Patient.objects.exists()

    def test_refuses_who_has_no_right_and_leaves_no_patient(self, sign_in, omar, service):
        answer = sign_in(omar).post("/desk/issue/", {"service_id": service.pk, "priority": "low", "name": "Ana"})

        assert answer.status_code == 403
        assert not Ticket.objects.exists()
        assert not Patient.objects.exists()

    def test_gives_htmx_a_fresh_form(self, sign_in, maria, service):
        form = {"service_id": service.pk, "priority": "low", "reference": "NHS-77"}
        answer = text(sign_in(maria, by_htmx=True).post("/desk/issue/", form))

        assert "A-001 issued" in answer
        assert 'id="checkin"' in answer
        assert "NHS-77" not in answer.partition('id="checkin"')[2]

    def test_is_not_done_by_looking(self, desk):
        assert desk.get("/desk/issue/").status_code == 405
