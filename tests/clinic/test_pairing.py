"""A browser becomes a screen, and stops being one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.models import Activity
from queueing import history, pairing
from queueing.models import Device, Display, Event, Kiosk, PairingCode
from queueing.refusals import NotAllowed
from tests.conftest import NINE

pytestmark = pytest.mark.django_db(transaction=True)

PAIR = "/admin/queueing/device/pair/"


@pytest.fixture
def hall(db):
    return Display.objects.create(name="Hall", slug="hall")


@pytest.fixture
def entrance(db):
    return Kiosk.objects.create(name="Entrance", slug="entrance")


@pytest.fixture
def asked(client):
    """The code that the browser `client` shows."""
    return letters(client.get("/display/"))


@pytest.fixture
def pair(sign_in, sofia):
    """What the admin answers when Sofia types this."""

    def make(code, screen, user=sofia):
        return sign_in(user).post(PAIR, {"code": code, "screen": f"{pairing.kind(screen)} {screen.pk}"})

    return make


@pytest.fixture
def paired(pair, asked, hall):
    """`client` is the hall."""
    pair(asked, hall)
    return Device.objects.get()


def letters(response):
    return re.search(r'class="letters">(\w+)<', response.content.decode())[1]


class TestABrowserThatIsNoScreen:
    def test_shows_six_letters_that_spell_nothing(self, asked):
        assert re.fullmatch("[CDFGHJKLMNPRTVWX]{6}", asked)

    def test_shows_the_same_letters_when_it_asks_again(self, client, asked):
        assert letters(client.get("/kiosk/")) == letters(client.get("/display/")) == asked
        assert PairingCode.objects.count() == 1

    def test_asks_again_by_itself(self, client, db):
        assert client.get("/display/").headers["Refresh"] == "4"

    def test_keeps_a_token_that_no_script_reads_and_the_database_does_not_know(self, client, asked):
        cookie = client.cookies["device"]

        assert len(cookie.value) >= 22
        assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 365 * 24 * 60 * 60)
        assert PairingCode.objects.get().token_hash == pairing.hashed(cookie.value) != cookie.value

    def test_keeps_it_for_https_alone_where_there_is_https(self, client, db):
        client.get("/display/", secure=True)

        assert client.cookies["device"]["secure"]

    def test_gets_other_letters_and_another_token_after_ten_minutes(self, client, asked):
        first = client.cookies["device"].value
        PairingCode.objects.update(asked_at=timezone.now() - timedelta(minutes=11))

        assert letters(client.get("/display/")) != asked
        assert client.cookies["device"].value != first
        assert PairingCode.objects.count() == 1

    def test_never_uses_a_token_that_somebody_else_has_put_there(self, client, db):
        client.cookies["device"] = "mine"
        client.get("/display/")

        assert client.cookies["device"].value != "mine"

    def test_is_told_when_too_many_ask(self, client, monkeypatch, asked):
        monkeypatch.setattr(pairing, "MOST", 1)

        answer = Client().get("/display/")

        assert answer.status_code == 429
        assert "Too many screens ask" in answer.content.decode()
        assert letters(client.get("/display/")) == asked

    def test_cannot_open_a_display(self, client, hall):
        assert client.get("/display/hall/").headers["Location"] == "/display/"


class TestPairing:
    def test_makes_the_browser_this_display(self, client, pair, asked, hall):
        answer = pair(asked, hall)

        assert answer.headers["Location"] == reverse("admin:queueing_device_changelist")
        assert client.get("/display/").headers["Location"] == "/display/hall/"
        assert client.get("/display/hall/").status_code == 200
        assert not PairingCode.objects.exists()

    def test_lets_it_be_no_other(self, client, paired):
        Display.objects.create(name="Cellar", slug="cellar")

        assert client.get("/display/cellar/").status_code == 302

    def test_may_make_it_a_kiosk(self, client, pair, asked, entrance):
        pair(asked, entrance)

        assert client.get("/display/").headers["Location"] == "/kiosk/entrance/"
        assert client.get("/kiosk/entrance/").status_code == 200

    def test_does_not_mind_how_the_letters_are_typed(self, pair, asked, hall):
        assert pair(f" {asked[:3].lower()}-{asked[3:]}", hall).status_code == 302

    def test_stands_in_history_without_the_token(self, paired):
        event = Event.objects.get(model="queueing.device")

        assert (event.verb, event.actor) == ("device.paired", "sofia")
        assert event.changes["token_hash"] == [None, "•"]

    @pytest.mark.parametrize("code", ["CCCCCC", "x", "'; --"])
    def test_of_an_unknown_code_is_refused(self, pair, asked, hall, code):
        answer = pair(code, hall)

        assert answer.status_code == 422
        assert "No screen shows this code now." in answer.content.decode()
        assert not Device.objects.exists()

    def test_of_an_expired_code_is_refused(self, pair, asked, hall):
        PairingCode.objects.update(asked_at=timezone.now() - timedelta(minutes=10, seconds=1))

        assert pair(asked, hall).status_code == 422

    def test_twice_with_one_code_makes_one_device(self, pair, asked, hall):
        assert [pair(asked, hall).status_code for _ in range(2)] == [302, 422]
        assert Device.objects.count() == 1

    def test_is_for_those_who_may(self, pair, asked, hall, omar, ada):
        assert [pair(asked, hall, user=user).status_code for user in (omar, ada)] == [403, 403]
        with pytest.raises(NotAllowed):
            pairing.confirm(asked, hall, actor=omar, at=timezone.now())

    def test_shows_its_page_and_changes_nothing_by_that(self, sign_in, sofia, asked, hall, entrance):
        page = sign_in(sofia).get(PAIR, {"code": asked}).content.decode()

        assert "Hall" in page and "Entrance" in page
        assert not Device.objects.exists()


class TestTakingItBack:
    def test_sends_the_screen_back_to_its_letters(self, client, sign_in, sofia, paired):
        sign_in(sofia).post(f"/admin/queueing/device/{paired.pk}/delete/", {"post": "yes"})

        answer = client.get("/display/hall/", follow=True)
        assert answer.redirect_chain == [("/display/?again=1", 302)]
        assert "This screen must be paired again." in answer.content.decode()
        event = Event.objects.filter(model="queueing.device").latest("id")
        assert (event.action, event.actor) == ("delete", "sofia")

    def test_asks_first(self, sign_in, sofia, paired):
        page = sign_in(sofia).get(f"/admin/queueing/device/{paired.pk}/delete/")

        assert "Are you sure" in page.content.decode()
        assert Device.objects.exists()

    def test_is_for_those_who_may(self, sign_in, ada, paired):
        answer = sign_in(ada).post(f"/admin/queueing/device/{paired.pk}/delete/", {"post": "yes"})

        assert answer.status_code == 403
        assert Device.objects.exists()


class TestTheRules:
    @pytest.mark.parametrize(
        ("rule", "assignment"),
        [
            ("device_is_one_display_or_one_kiosk", "display_id = NULL"),
            ("device_is_one_display_or_one_kiosk", "kiosk_id = {kiosk}"),
            ("device_is_paired_by_a_person", "paired_by = ''"),
            ("no_change_without_history", "paired_by = 'eve'"),
        ],
    )
    def test_stand_in_the_database(self, paired, entrance, rule, assignment):
        with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE queueing_device SET {assignment.format(kiosk=entrance.pk)}")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

        assert error.value.__cause__.diag.constraint_name == rule

    def test_let_a_token_be_one_device(self, paired, hall):
        with pytest.raises(IntegrityError), history.operation(actor="sofia"):
            Device.objects.create(display=hall, token_hash=paired.token_hash, paired_at=NINE, paired_by="eve")


class TestTheList:
    @pytest.fixture
    def devices(self, sign_in, sofia, paired):
        def read():
            page = sign_in(sofia).get("/admin/queueing/device/").content.decode()
            return re.findall(r'field-(?:heard|audio|build)">([^<]*)<', page)

        return read

    def test_tells_when_each_was_heard_of_its_sound_and_its_build(self, devices, paired):
        for minutes, audio in ((5, "ok"), (0, "blocked")):
            Activity.objects.create(
                at=timezone.now() - timedelta(minutes=minutes),
                kind="display.beat",
                detail={"device": paired.pk, "audio": audio, "build": "4f2a", "visible": True},
            )

        heard, audio, build = devices()
        assert re.fullmatch(r"\d+ s ago", heard)
        assert (audio, build) == ("blocked: touch the screen once", "4f2a")

    def test_says_since_when_one_is_silent(self, devices, paired):
        Activity.objects.create(
            at=timezone.now() - timedelta(minutes=5), kind="display.beat", detail={"device": paired.pk, "audio": "ok"}
        )

        assert devices()[0].startswith("silent since")

    def test_does_not_mind_that_nothing_was_heard(self, devices):
        assert devices() == ["not in the last day", "–", "–"]

    def test_asks_once_for_all(self, sign_in, sofia, hall, paired, django_assert_max_num_queries):
        browser = sign_in(sofia)
        for number in range(5):
            with history.operation(actor="sofia"):
                Device.objects.create(display=hall, token_hash=str(number), paired_at=NINE, paired_by="sofia")

        with django_assert_max_num_queries(12):
            assert browser.get("/admin/queueing/device/").status_code == 200
