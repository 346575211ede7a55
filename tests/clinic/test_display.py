from datetime import timedelta

import pytest

from clinic.views import display
from queueing import tickets
from queueing.models import Display, DisplayService
from tests.conftest import NINE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hall(service):
    hall = Display.objects.create(name="Hall", slug="hall", open_to_all=True)
    DisplayService.objects.create(display=hall, service=service)
    return hall


def text(response):
    return " ".join(response.content.decode().split())


class TestDisplay:
    def test_shows_the_call_and_who_is_next_to_everybody(self, client, hall, issue, room, sofia):
        tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=NINE + timedelta(minutes=1))
        issue()

        page = text(client.get("/display/hall/"))

        assert '<p class="code" id="code" data-letters="5">A-001</p>' in page
        assert f'<bdi id="room">{room}</bdi>' in page
        assert '<li class="code">A-002</li>' in page
        assert "General practice" in page

    @pytest.mark.parametrize("allowed", [True, False])
    def test_shows_a_name_only_where_the_service_does_and_the_patient_agrees(
        self, client, hall, service, issue, room, sofia, make_patient, allowed
    ):
        service.names_on_displays = allowed
        service.save()
        shy, open_ = make_patient(name="Ana Pereira"), make_patient(name="Omar Haddad", show_name=True)
        for minute, patient in enumerate([shy, open_]):
            ticket = issue(patient=patient)
            at = NINE + timedelta(minutes=minute)
            tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=at)
            tickets.miss(ticket_id=ticket.pk, actor=sofia, at=at)

        page = text(client.get("/display/hall/"))

        assert ("Omar Haddad" in page) is allowed
        assert "Ana Pereira" not in page

    def test_shows_only_its_own_services(self, client, hall, issue, make_service):
        issue(service_id=make_service(name="Secret", prefix="X").pk)

        page = text(client.get("/display/hall/"))

        assert "X-001" not in page
        assert "Secret" not in page

    def test_welcomes_while_nobody_was_called(self, client, hall):
        assert "Please take a seat" in text(client.get("/display/hall/"))

    def test_that_nobody_made_is_not_found(self, client, db):
        assert client.get("/display/nowhere/").status_code == 404

    def test_is_for_reading_only(self, client, hall):
        assert client.post("/display/hall/").status_code == 405


def test_soon_takes_the_first_of_each_line_in_turn():
    lines = [{"waiting": ["A-001", "A-002", "A-003"]}, {"waiting": ["B-001"]}, {"waiting": []}]

    assert display.soon(lines) == ["A-001", "B-001", "A-002", "A-003"]
