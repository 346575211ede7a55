from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from queueing import tickets
from queueing.models import Event, Patient, Ticket
from tests.conftest import NINE

pytestmark = pytest.mark.django_db(transaction=True)  # verbs insist on a transaction of their own


@pytest.fixture
def called(issue, room, sofia):
    """A ticket that was called to `room`."""
    return tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=NINE + timedelta(minutes=5))


def text(response):
    return " ".join(response.content.decode().split())


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
        assert 'action="/desk/' not in page.replace('action="/desk/"', "")

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
        assert few <= 14


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
        assert answer.headers["Location"] == f"/desk/?service={service.pk}"
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


class TestCallNext:
    def test_calls_the_first_of_the_rooms_lines(self, desk, issue, room):
        issue()

        answer = desk.post(f"/desk/rooms/{room.pk}/call-next/", follow=True)

        assert f"A-001 called to {room}." in text(answer)
        assert Ticket.objects.get().status == "called"

    def test_happens_once_for_a_form_that_is_sent_twice(self, desk, issue, room):
        issue()
        issue()

        for _ in range(2):
            assert desk.post(f"/desk/rooms/{room.pk}/call-next/", {"key": "k"}).status_code == 302

        assert Ticket.objects.filter(status="called").count() == 1

    def test_says_that_nobody_is_waiting(self, desk, room):
        answer = desk.post(f"/desk/rooms/{room.pk}/call-next/")

        assert answer.status_code == 409
        assert f"Nobody is waiting for {room}." in text(answer)

    def test_says_who_is_in_a_busy_room_since_when_and_how_to_complete_it(
        self, sign_in, maria, omar, called, room, issue
    ):
        issue()
        path = f"/desk/rooms/{room.pk}/call-next/"

        refused = sign_in(omar).post(path)

        assert refused.status_code == 409
        assert f"{room} is busy with A-001 since 09:05" in text(refused)
        assert f'href="/admin/queueing/ticket/{called.pk}/complete/">Complete A-001…' in text(refused)
        assert "Complete A-001" not in text(sign_in(maria).post(path))
        called.refresh_from_db()
        assert called.status == "called"

    def test_of_a_room_that_does_not_exist_is_not_found(self, desk):
        assert desk.post("/desk/rooms/999/call-next/").status_code == 404

    def test_refuses_who_has_no_right(self, sign_in, ada, room, issue):
        issue()

        assert sign_in(ada).post(f"/desk/rooms/{room.pk}/call-next/").status_code == 403

    def test_is_not_done_by_looking(self, desk, room):
        assert desk.get(f"/desk/rooms/{room.pk}/call-next/").status_code == 405


class TestAct:
    @pytest.mark.parametrize(
        ("verb", "sent", "status"),
        [
            ("hold", {"reason": "at X-ray"}, "held"),
            ("prioritise", {"priority": "high"}, "waiting"),
            ("move", {"place": 1, "reason": "faint"}, "waiting"),
            ("cancel", {"reason": "went home"}, "cancelled"),
        ],
    )
    def test_arranges_a_waiting_ticket(self, desk, issue, verb, sent, status):
        issue()
        ticket = issue()

        answer = desk.post(f"/desk/tickets/{ticket.pk}/{verb}/", sent, follow=True)

        ticket.refresh_from_db()
        assert ticket.status == status
        assert answer.status_code == 200
        assert "A-002" in str(list(answer.context["messages"])[0])

    @pytest.mark.parametrize(
        ("verb", "status"), [("recall", "called"), ("start", "serving"), ("miss", "missed"), ("put-back", "waiting")]
    )
    def test_goes_on_with_a_called_ticket(self, desk, called, verb, status):
        assert desk.post(f"/desk/tickets/{called.pk}/{verb}/").status_code == 302

        called.refresh_from_db()
        assert called.status == status

    def test_sends_on_to_another_service(self, desk, issue, make_service):
        nurse = make_service(name="Nurse")
        ticket = issue()

        answer = desk.post(f"/desk/tickets/{ticket.pk}/transfer/", {"service_id": nurse.pk}, follow=True)

        assert "A-001 now waits for Nurse." in text(answer)

    def test_calls_one_ticket_once_and_tells_the_other_desk_who_was_faster(
        self, sign_in, maria, omar, issue, make_room, service
    ):
        ticket, (first, second) = issue(), (make_room(service), make_room(service))
        path = f"/desk/tickets/{ticket.pk}/call/"
        assert sign_in(maria).post(path, {"room_id": first.pk}).status_code == 302

        late = sign_in(omar, by_htmx=True).post(path, {"room_id": second.pk})

        assert late.status_code == 409
        assert "A-001 is called" in text(late)
        assert "maria" in text(late)
        assert f'id="room-{first.pk}"' in text(late)
        ticket.refresh_from_db()
        assert ticket.room == first

    def test_repeats_the_answer_to_a_call_with_the_same_key(self, desk, issue, room):
        ticket = issue()

        for _ in range(2):
            sent = {"room_id": room.pk, "key": "k"}
            assert desk.post(f"/desk/tickets/{ticket.pk}/call/", sent).status_code == 302

        ticket.refresh_from_db()
        assert ticket.call_count == 1

    def test_shows_htmx_the_line_that_its_page_shows(self, sign_in, maria, issue, make_service):
        nurse = make_service(name="Nurse", prefix="N")
        ticket = issue()
        issue(service_id=nurse.pk)
        desk = sign_in(maria, by_htmx=True)

        page = f"http://testserver/desk/?service={nurse.pk}"
        answer = text(desk.post(f"/desk/tickets/{ticket.pk}/hold/", headers={"HX-Current-URL": page}))

        assert 'class="code">N-001' in answer
        assert 'class="code">A-001' not in answer

    @pytest.mark.parametrize(
        ("verb", "sent", "words"),
        [
            ("move", {"place": "first", "reason": "faint"}, "Place: Enter a whole number."),
            ("move", {"place": 1}, "Reason: This field is required."),
            ("call", {}, "Room: This field is required."),
            ("prioritise", {"priority": "purple"}, "purple is not one of the available choices"),
        ],
    )
    def test_says_what_is_wrong_with_a_form(self, desk, issue, verb, sent, words):
        answer = desk.post(f"/desk/tickets/{issue().pk}/{verb}/", sent)

        assert answer.status_code == 422
        assert words in text(answer)

    @pytest.mark.parametrize("verb", ["hold", "put-back", "cancel", "move", "transfer", "prioritise", "start", "miss"])
    def test_refuses_who_has_no_right(self, sign_in, ada, issue, service, verb):
        sent = {"place": 1, "reason": "x", "service_id": service.pk, "priority": "high"}

        assert sign_in(ada).post(f"/desk/tickets/{issue().pk}/{verb}/", sent).status_code == 403
        assert Ticket.objects.get().status == "waiting"

    def test_does_not_know_other_verbs(self, sign_in, sofia, issue):
        for verb in ("complete", "reopen", "delete"):
            assert sign_in(sofia).post(f"/desk/tickets/{issue().pk}/{verb}/").status_code == 404

    def test_of_a_ticket_that_does_not_exist_is_not_found(self, desk):
        assert desk.post("/desk/tickets/999/hold/").status_code == 404

    def test_of_a_room_or_service_that_does_not_exist_is_not_found(self, desk, issue):
        ticket = issue()

        assert desk.post(f"/desk/tickets/{ticket.pk}/call/", {"room_id": 999}).status_code == 404
        assert desk.post(f"/desk/tickets/{ticket.pk}/transfer/", {"service_id": 999}).status_code == 404

    def test_is_not_done_by_looking(self, desk, issue):
        assert desk.get(f"/desk/tickets/{issue().pk}/hold/").status_code == 405

    def test_wants_the_form_to_be_ours(self, maria, issue):
        stranger = Client(enforce_csrf_checks=True)
        stranger.force_login(maria)

        answer = stranger.post(f"/desk/tickets/{issue().pk}/hold/")

        assert answer.status_code == 403
        assert "This page is too old" in text(answer)


class TestMissedTickets:
    def test_of_today_can_be_put_back(self, desk, issue, room, sofia):
        now = timezone.now()
        ticket = issue(at=now)
        tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=now)
        tickets.miss(ticket_id=ticket.pk, actor=sofia, at=now)

        assert "Did not come today" in text(desk.get("/desk/"))
        assert f'formaction="/desk/tickets/{ticket.pk}/put-back/"' in text(desk.get("/desk/"))
