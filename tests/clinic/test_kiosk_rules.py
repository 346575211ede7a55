"""When a kiosk issues nothing, or nothing more."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.test import Client

from clinic import kiosk as kiosks
from notifications import activity
from queueing import tickets
from queueing.models import Ticket
from queueing.refusals import NotAllowed
from tests.clinic.conftest import text
from tests.conftest import NINE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("now")]


class TestAPress:
    def test_sent_twice_is_one_ticket(self, visit, client, service):
        visitor = visit().chosen()
        carried = {"language": "en", "service_id": service.pk, "has_number": "no", "key": "k"}

        pages = [text(client.post("/kiosk/entrance/", carried)) for _ in range(2)]

        assert Ticket.objects.count() == 1
        assert all("A-001" in page for page in pages)
        assert visitor.answer(has_number="no").page.status_code == 200
        assert Ticket.objects.count() == 2

    def test_sent_again_by_the_next_one_shows_no_ticket(self, client, entrance, service, now):
        carried = {"language": "en", "service_id": service.pk, "has_number": "no", "key": "k"}
        client.post("/kiosk/entrance/", carried)
        now.at += timedelta(seconds=61)

        answer = client.post("/kiosk/entrance/", carried)

        assert (answer.status_code, answer.url) == (302, "/kiosk/entrance/")
        assert Ticket.objects.count() == 1

    def test_after_too_many_is_refused_in_a_sentence(self, client, visit, service, now, monkeypatch):
        monkeypatch.setattr(kiosks, "LIMIT", 2)
        for key in ("1", "2"):
            client.post(
                "/kiosk/entrance/", {"language": "en", "service_id": service.pk, "has_number": "no", "key": key}
            )

        visitor = visit().chosen().answer(has_number="no")

        assert visitor.page.status_code == 429
        assert "You have no ticket yet" in visitor.text and "Please wait a few minutes" in visitor.text
        now.at += timedelta(minutes=5, seconds=1)
        assert visit().chosen().answer(has_number="no").page.status_code == 200

    def test_after_too_many_still_shows_what_it_issued(self, client, entrance, service, monkeypatch):
        monkeypatch.setattr(kiosks, "LIMIT", 1)
        carried = {"language": "en", "service_id": service.pk, "has_number": "no", "key": "k"}

        answers = [client.post("/kiosk/entrance/", carried) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [200, 200]

    def test_of_the_desk_does_not_count(self, visit, issue, monkeypatch):
        monkeypatch.setattr(kiosks, "LIMIT", 1)
        issue(), issue()

        assert visit().chosen().answer(has_number="no").page.status_code == 200

    def test_needs_the_pages_own_form(self, entrance, service):
        strict = Client(enforce_csrf_checks=True)

        assert strict.post("/kiosk/entrance/", {"language": "en"}).status_code == 403


class TestHours:
    def test_are_told_when_it_is_closed(self, visit, entrance, service, client):
        entrance.opens_at, entrance.closes_at = time(10), time(18)
        entrance.save()

        assert "No tickets are given out now" in visit().text
        assert "from 10:00 to 18:00" in visit().text
        refused = client.post("/kiosk/entrance/", {"language": "en", "service_id": service.pk, "has_number": "no"})
        assert refused.status_code == 409
        assert not Ticket.objects.exists()

    def test_may_go_over_midnight(self, visit, entrance):
        entrance.opens_at, entrance.closes_at = time(18), time(10)
        entrance.save()

        assert "Please choose your language" in visit().text

    def test_end_when_no_service_is_open(self, visit, service):
        service.is_open = False
        service.save()

        assert "No tickets are given out now" in visit().text


class TestWho:
    def test_may_open_it_is_decided_by_pairing(self, client, entrance):
        entrance.open_to_all = False
        entrance.save()

        answer = client.get("/kiosk/entrance/")

        assert (answer.status_code, answer.url) == (302, "/kiosk/")

    def test_only_looks_takes_no_ticket(self, sign_in, ada, entrance, service):
        entrance.open_to_all = False
        entrance.save()
        carried = {"language": "en", "service_id": service.pk, "has_number": "no", "key": "k"}

        answer = sign_in(ada).post("/kiosk/entrance/", carried)

        assert answer.status_code == 403
        assert "You only look at this kiosk" in text(answer)
        assert not Ticket.objects.exists()

    def test_it_is_can_issue_and_nothing_else(self, issue):
        entrance = kiosks.AtKiosk("entrance")

        with pytest.raises(NotAllowed):
            tickets.cancel(ticket_id=issue().pk, actor=entrance, at=NINE)

    def test_stands_there_is_seen_by_its_beats(self, visit, monkeypatch):
        logged = []
        monkeypatch.setattr(activity, "log_activity", lambda kind, **detail: logged.append((kind, detail)))

        visit()

        assert logged == [("kiosk.beat", {"kiosk": "entrance", "device": None})]

    def test_nobody_made_is_not_found(self, client, db):
        assert client.get("/kiosk/nowhere/").status_code == 404
