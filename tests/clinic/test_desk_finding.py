"""What is found by the one box of the desk, what stands on a ticket that is printed, and what patients need."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from queueing import history, tickets
from queueing.models import Event, Ticket
from tests.clinic.conftest import text

pytestmark = pytest.mark.django_db(transaction=True)  # verbs insist on a transaction of their own


@pytest.fixture
def found(desk):
    """The codes that stand in the lists for these words, in their order, with the number that is told."""

    def find(words):
        page = text(desk.get("/desk/", {"q": words}))
        number = re.search(r'id="count"[^>]*> (\d+)', page)
        return re.findall(r'class="code"[^>]*>([A-Z]-\d{3})<', page.partition('id="line"')[2]), number and int(
            number[1]
        )

    return find


class TestSearch:
    @pytest.fixture(autouse=True)
    def line(self, issue, make_patient, make_service):
        now = timezone.now()
        issue(at=now - timedelta(days=1), patient=make_patient(name="Of yesterday"))
        issue(at=now)
        self.mueller = issue(
            at=now, patient=make_patient(name="Jürgen Müller", reference="NHS-77", phone="+44 (0)7700 90-01 23")
        )
        for _ in range(9):
            issue(at=now, service_id=make_service().pk)

    @pytest.mark.parametrize(
        "words", ["a2", "A-2", "a 002", "A-002", "müll", "MÜLLER", "jürgen m", "nhs-77", "s-77", "0123", " A-002 "]
    )
    def test_finds_one(self, found, words):
        assert found(words) == (["A-002"], 1)

    def test_finds_what_a_scanner_types(self, found):
        token = self.mueller.token

        for words in (token, f"/t/{token}/", f"http://10.0.0.5:8000/t/{token}/", f"https://clinic.example/t/{token}"):
            assert found(words) == (["A-002"], 1)

    @pytest.mark.parametrize("words", ["nobody", "0124", "x" * 22, "%", "_", "a0", "'; DROP TABLE", "012"])
    def test_finds_nothing(self, found, words):
        assert found(words) == ([], 0)

    def test_tells_no_number_where_nothing_is_searched_for(self, found):
        codes, number = found("")
        assert (len(codes), number) == (12, None)

    def test_finds_what_has_ended_today_with_its_state_and_what_can_be_done(self, desk, found, sofia):
        now = timezone.now()
        tickets.cancel(ticket_id=self.mueller.pk, reason="went home", actor=sofia, at=now)

        page = text(desk.get("/desk/", {"q": "müller"}))

        assert found("müller") == (["A-002"], 1)
        assert "Cancelled since" in page
        assert f"/desk/events/{history.latest(self.mueller).pk}/undo/" in page
        assert f"/desk/tickets/{self.mueller.pk}/print/" in page

    def test_offers_a_way_back_for_who_did_not_come(self, desk, found, sofia, room):
        now = timezone.now()
        tickets.call(ticket_id=self.mueller.pk, room_id=room.pk, actor=sofia, at=now)
        tickets.miss(ticket_id=self.mueller.pk, actor=sofia, at=now)

        assert f"/desk/tickets/{self.mueller.pk}/put-back/" in text(desk.get("/desk/", {"q": "a2"}))

    def test_forgets_what_ended_yesterday(self, found, sofia):
        yesterday = Ticket.objects.get(patient__name="Of yesterday")
        assert found("yesterday")[1] == 1

        tickets.cancel(ticket_id=yesterday.pk, actor=sofia, at=timezone.now())

        assert found("yesterday")[1] == 0

    def test_adds_one_statement(self, desk, django_assert_max_num_queries):
        with django_assert_max_num_queries(16):
            desk.get("/desk/", {"q": "müller"})


class TestIssued:
    def test_stands_in_the_panel_with_what_the_patient_takes_along(self, sign_in, maria, service):
        form = {"service_id": service.pk, "priority": "low"}
        desk = sign_in(maria, by_htmx=True)

        panel = text(desk.post("/desk/issue/", form)).partition('id="issued"')[2]

        ticket = Ticket.objects.get()
        assert 'class="code">A-001<' in panel
        assert 'class="qr"' in panel
        assert "place 1 · 0–5 min" in panel
        assert f"/desk/tickets/{ticket.pk}/print/" in panel
        assert f"/desk/events/{history.latest(ticket).pk}/undo/" in panel

    def test_stands_there_without_javascript_too(self, desk, service):
        answer = desk.post("/desk/issue/", {"service_id": service.pk, "priority": "low"}, follow=True)

        assert 'class="qr"' in text(answer).partition('id="issued"')[2]

    @pytest.mark.parametrize("number", ["x", "999999", "", "²"])
    def test_of_no_ticket_is_nothing(self, desk, number):
        page = text(desk.get("/desk/", {"issued": number}))

        assert 'class="qr"' not in page


class TestPrint:
    def test_has_all_that_a_patient_needs_and_no_name(self, desk, issue, make_patient):
        issue()
        ticket = issue(patient=make_patient(name="Ana Pereira", reference="NHS-77"), needs=["needs_wheelchair"])

        page = text(desk.get(f"/desk/tickets/{ticket.pk}/print/"))

        for words in ("Hillside Clinic", "A-002", "General practice", "09:00", "Place 2: about 5 to 15 minutes."):
            assert words in page
        assert 'class="qr"' in page
        for secret in ("Ana", "NHS-77", "wheelchair"):
            assert secret not in page

    def test_of_a_ticket_that_waits_no_more_tells_no_place(self, desk, issue, sofia):
        ticket = tickets.cancel(ticket_id=issue().pk, actor=sofia, at=timezone.now())

        page = text(desk.get(f"/desk/tickets/{ticket.pk}/print/"))

        assert "A-001" in page
        assert "Place" not in page

    def test_of_a_ticket_that_does_not_exist_is_not_found(self, desk):
        assert desk.get("/desk/tickets/999/print/").status_code == 404

    def test_is_for_the_desk(self, client, issue):
        assert client.get(f"/desk/tickets/{issue().pk}/print/").status_code == 302


class TestNeeds:
    def test_are_ticked_and_stand_in_words_where_people_look(self, desk, service, room, sofia):
        form = {"service_id": service.pk, "priority": "low", "needs": ["needs_wheelchair", "needs_interpreter"]}
        desk.post("/desk/issue/", form)
        ticket = Ticket.objects.get()
        assert (ticket.needs_fetching, ticket.needs_interpreter, ticket.needs_wheelchair) == (False, True, True)
        assert "interpreter, wheelchair</small>" in text(desk.get("/desk/"))

        tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=timezone.now())

        assert "· interpreter, wheelchair" in text(desk.get("/desk/")).partition('id="rooms"')[2]

    def test_are_nobody_elses_business(self, desk, service):
        desk.post("/desk/issue/", {"service_id": service.pk, "priority": "low", "needs": ["needs_wheelchair"]})

        assert Event.objects.get(verb="ticket.issued").changes["needs_wheelchair"] == [None, "•"]

    def test_that_are_unknown_are_refused(self, desk, service):
        answer = desk.post("/desk/issue/", {"service_id": service.pk, "priority": "low", "needs": ["token"]})

        assert answer.status_code == 422
        assert not Ticket.objects.exists()
