"""A request that fails through nobody's fault at the desk."""

from __future__ import annotations

import psycopg
import pytest
from django.db import OperationalError

from notifications import boards, direct
from queueing.models import Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(desk):
    desk.raise_request_exception = False
    return desk


class TestBusy:
    def test_says_so_and_changes_nothing_while_a_line_is_locked_for_too_long(self, desk, service):
        with psycopg.connect(**direct.params("default", application="holder")) as holder:
            holder.execute("SELECT FROM queueing_line FOR UPDATE")
            answer = desk.post("/desk/issue/", {"service_id": service.pk, "priority": "low"})

        assert answer.status_code == 503
        assert answer["Retry-After"] == "5"
        assert "pressed again at the desk does not happen twice" in answer.content.decode()
        assert not Ticket.objects.exists()

    def test_is_for_servers_that_are_away_and_not_for_our_own_mistakes(self, client, service, monkeypatch):
        client.raise_request_exception = False

        def answer(problem):
            def fail(*args, **kwargs):
                raise problem

            monkeypatch.setattr(boards, "load_now", fail)
            return client.get(f"/boards/{service.pk}.json")

        away = answer(OperationalError("server closed the connection"))
        assert away.status_code == 503
        assert "may or may not" not in away.content.decode()  # nothing was pressed
        assert answer(ValueError("a mistake")).status_code == 500


class TestNumbersThatAreTooLarge:
    @pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
    def test_are_not_found(self, desk, issue, room, number):
        ticket = issue()

        assert desk.post("/desk/issue/", {"service_id": number, "priority": "low"}).status_code == 404
        assert desk.post(f"/desk/rooms/{number}/call-next/").status_code == 404
        assert desk.post(f"/desk/tickets/{number}/start/").status_code == 404
        assert desk.post(f"/desk/tickets/{ticket.pk}/call/", {"room_id": number}).status_code == 404
        assert desk.post(f"/desk/tickets/{ticket.pk}/transfer/", {"service_id": number}).status_code == 404
        assert desk.get(f"/desk/tickets/{number}/").status_code == 404
        assert desk.get(f"/boards/{number}.json").status_code == 404

    def test_of_a_place_are_named(self, desk, issue):
        ticket = issue()

        answer = desk.post(f"/desk/tickets/{ticket.pk}/move/", {"place": 10**30, "reason": "faint"})

        assert answer.status_code == 422
        assert "Place: Ensure this value is less than or equal to 10000." in answer.content.decode()
