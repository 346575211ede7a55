from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from clinic import words
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


class TestItsLanguages:
    def test_are_all_sent_along_and_the_first_is_shown(self, client, hall):
        hall.languages = "ar en"
        hall.save()

        page = client.get("/display/hall/").content.decode()

        arabic, english = json.loads(re.search(r'<script id="words" type="application/json">(.*?)</script>', page)[1])
        assert '<html lang="ar" dir="rtl">' in page
        assert ((arabic["lang"], arabic["dir"]), (english["lang"], english["dir"])) == (("ar", "rtl"), ("en", "ltr"))
        assert arabic["labels"]["come"] in page
        assert arabic["labels"]["come"] != english["labels"]["come"] == "Please come in"
        assert english["say"] == "Ticket {code}, {room}"
        assert english["wait"] == "{low}–{high} min"

    @pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
    def test_have_every_blank_that_the_display_fills_in(self, hall, language):
        said = words.in_language(language, hall)

        assert {"{code}", "{room}"} == set(re.findall(r"\{\w+\}", said["say"]))
        assert {"{low}", "{high}"} == set(re.findall(r"\{\w+\}", said["wait"]))
        assert {"{time}"} == set(re.findall(r"\{\w+\}", said["since"]))


class TestItsHours:
    @pytest.mark.parametrize(
        ("opens", "closes", "clock", "is_open"),
        [
            ("08:00", "18:00", "07:59", False),
            ("08:00", "18:00", "08:00", True),
            ("08:00", "18:00", "18:00", False),
            ("20:00", "06:00", "19:59", False),
            ("20:00", "06:00", "23:59", True),
            ("20:00", "06:00", "05:59", True),
            ("20:00", "06:00", "06:00", False),
            ("08:00", "08:00", "03:00", True),
            (None, None, "03:00", True),
        ],
    )
    def test_are_those_of_the_clinic_over_midnight_too(self, settings, opens, closes, clock, is_open):
        settings.TIME_ZONE = "America/Sao_Paulo"
        hours = [time and datetime.strptime(time, "%H:%M").time() for time in (opens, closes)]
        at = datetime.fromisoformat(f"2026-03-02T{clock}:00-03:00")

        assert Display(opens_at=hours[0], closes_at=hours[1]).is_open_at(at) is is_open

    def test_are_said_while_it_is_closed(self, client, hall):
        now = timezone.localtime()
        hall.opens_at = (now + timedelta(hours=1)).time().replace(second=0, microsecond=0)
        hall.closes_at = (now + timedelta(hours=2)).time()
        hall.save()

        page = text(client.get("/display/hall/"))

        assert 'data-closed="yes"' in page
        assert f"We open at {hall.opens_at:%H:%M}." in page


class TestLookingAtIt:
    @pytest.fixture(autouse=True)
    def paired_only(self, hall):
        hall.open_to_all = False
        hall.save()

    def test_is_for_people_who_may(self, sign_in, maria):
        assert sign_in(maria).get("/display/hall/").status_code == 200

    def test_is_not_for_others(self, sign_in, make_user):
        assert sign_in(make_user("nobody")).get("/display/hall/").headers["Location"] == "/display/"


class TestItsTestPattern:
    def test_tells_sizes_and_every_language(self, client, hall):
        hall.languages = "en es"
        hall.viewing_distance_m = 20
        hall.save()

        page = text(client.get("/display/hall/?test=1"))

        assert "The called ticket: capitals of" in page
        assert "The called ticket cannot be read from 20 m" in page
        assert '<dl lang="es" dir="ltr">' in page
        assert "Ring and speak" in page
