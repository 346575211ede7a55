"""In which language people read, and how they choose it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import translation

from notifications import sentences
from notifications.models import AuditEntry
from notifications.sinks.audit import AuditSink
from queueing import history
from queueing.models import Event
from tests.clinic.conftest import text

LANGUAGES = [("en", "Sign in"), ("es", "Iniciar sesión"), ("fr", "Se connecter"), ("pt-br", "Entrar")]


class TestLanguage:
    @pytest.mark.parametrize(("code", "words"), [*LANGUAGES, ("ar", "تسجيل الدخول")])
    def test_is_the_one_that_the_browser_prefers(self, client, db, code, words):
        page = client.get("/sign-in/", headers={"Accept-Language": f"xx, {code};q=0.8"})

        assert f'<html lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}">' in text(page)
        assert f"<h1>{words}</h1>" in text(page)
        assert (page["Content-Language"], page["Vary"]) == (code, "Cookie, Accept-Language")

    def test_is_english_where_the_clinic_knows_none_of_them(self, client, db):
        assert '<html lang="en" dir="ltr">' in text(client.get("/sign-in/", headers={"Accept-Language": "xx"}))

    def test_is_chosen_for_good_and_the_page_stays(self, client, db):
        answer = client.post("/language/", {"language": "fr", "next": "/sign-in/?next=/desk/"})

        assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/desk/")
        assert client.cookies["django_language"]["max-age"] == 365 * 24 * 60 * 60
        assert "Se connecter" in text(client.get("/sign-in/", headers={"Accept-Language": "es"}))

    def test_is_chosen_from_a_page_that_sends_no_cookie_and_no_referrer(self, db):
        answer = Client(enforce_csrf_checks=True).post(
            "/language/", {"language": "ar", "next": "/sign-in/"}, headers={"Origin": "null"}
        )

        assert answer.cookies["django_language"].value == "ar"

    @pytest.mark.parametrize("elsewhere", ["//elsewhere.example/", "https://elsewhere.example/"])
    def test_never_leads_to_another_site(self, client, db, elsewhere):
        assert client.post("/language/", {"language": "fr", "next": elsewhere})["Location"] == "/"

    def test_is_offered_by_its_own_name_with_the_way_back(self, client, db):
        page = text(client.get("/sign-in/?next=/desk/"))

        assert '<input type="hidden" name="next" value="/sign-in/?next=/desk/">' in page
        assert 'value="ar" lang="ar" dir="auto" >العربية</button>' in page
        assert 'value="en" lang="en" dir="auto" aria-current="true">English</button>' in page

    def test_leads_from_what_came_of_an_action_to_the_desk(self, desk, service):
        assert '<input type="hidden" name="next" value="/">' in text(desk.post("/desk/issue/", {}))

    def test_is_that_of_the_error_pages_too(self, client, db):
        page = client.get("/nowhere/", headers={"Accept-Language": "fr"})

        assert (page.status_code, "Il n’y a rien ici" in text(page)) == (404, True)


class TestHistory:
    @pytest.fixture
    def called_in_french(self, called):
        with translation.override("fr"):
            AuditSink().step()
        return called

    @pytest.mark.django_db(transaction=True)
    def test_is_sealed_in_english_whoever_writes(self, called_in_french):
        told = AuditEntry.objects.filter(model="queueing.ticket").order_by("seq").values_list("sentence", flat=True)

        assert list(told) == ["sofia issued A-001 for General practice", "sofia called A-001 to Room 1"]

    @pytest.mark.django_db(transaction=True)
    def test_is_told_in_the_language_of_the_reader(self, called_in_french, sofia, sign_in):
        browser = sign_in(sofia)
        browser.cookies["django_language"] = "es"

        at_the_desk = text(browser.get(f"/desk/tickets/{called_in_french.pk}/"))
        in_the_admin = text(browser.get("/admin/notifications/auditentry/"))
        of_the_row = text(browser.get(f"/admin/queueing/ticket/{called_in_french.pk}/history/"))

        for page in (at_the_desk, in_the_admin, of_the_row):
            assert "sofia llamó a A-001 a Room 1" in page
        assert "<b>sala</b> –" in of_the_row

    def test_says_what_changed_in_words(self, room, sofia):
        with history.operation(actor="sofia"):
            room.is_open = False
            room.save()
        event = Event.objects.latest("id")

        with translation.override("pt-br"):
            assert sentences.sentence(event, sentences.names_for([event])) == "sofia alterou Room 1 (aberto)"

    def test_names_a_column_that_is_gone_as_it_was(self):
        assert sentences.column_name("queueing.room", "colour") == "colour"
