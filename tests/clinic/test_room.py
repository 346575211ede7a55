"""The panel of a room: the same verbs as at the desk, for one room."""

from __future__ import annotations

import pytest
from django.urls import reverse

from queueing import rooms, tickets
from queueing.models import Room, Ticket
from tests.clinic.conftest import text
from tests.conftest import NINE


@pytest.fixture
def panel(client, omar, room):
    client.force_login(omar)
    return reverse("room", args=[room.pk])


@pytest.fixture
def press(client, room):
    """Post to an address, as a form on the panel does."""

    def press(name, *args, htmx=False, **sent):
        headers = {"HX-Request": "true"} if htmx else {}
        return client.post(f"{reverse(name, args=args)}?room={room.pk}", sent, headers=headers)

    return press


class TestPanel:
    def test_offers_whoever_is_next(self, client, panel, issue):
        codes = [issue().code for _ in range(7)]

        page = text(client.get(panel))

        assert "Call next" in page
        assert [code in page for code in codes] == [True] * 5 + [False] * 2
        assert "7 waiting" in page

    def test_shows_only_its_own_lines(self, client, panel, issue, make_service):
        other = issue(service_id=make_service(name="Nurse", prefix="B").pk)
        assert other.code not in text(client.get(panel))

    def test_of_no_room_is_not_found(self, client, panel):
        assert client.get(reverse("room", args=[999])).status_code == 404

    def test_is_for_staff(self, client, room, make_user):
        address = reverse("room", args=[room.pk])
        assert client.get(address).status_code == 302
        client.force_login(make_user("nobody"))
        assert client.get(address).status_code == 403

    def test_calls_starts_and_leads_to_completion(self, client, panel, press, issue, room):
        ticket = issue()

        assert press("call-next", room.pk).url == panel
        assert f"{ticket.code} called to {room}." in text(client.get(panel))
        assert press("act", ticket.pk, "start").url == panel

        page = client.get(panel).content.decode()
        assert reverse("admin:queueing_ticket_complete", args=[ticket.pk]) in page
        assert "call-next" not in page
        assert Ticket.objects.get().status == "serving"

    def test_completes_nothing_by_calling(self, client, panel, press, issue, room, omar):
        issue(), issue()
        there = tickets.call_next(room_id=room.pk, actor=omar, at=NINE)

        response = press("call-next", room.pk)

        assert response.status_code == 409
        assert f"{room} is busy with {there.code}" in text(response)
        assert 'id="panel"' in response.content.decode()

    def test_answers_htmx_with_its_own_regions(self, panel, press, issue, room):
        issue()
        body = press("call-next", room.pk, htmx=True).content.decode()
        assert 'id="panel"' in body
        assert "<html" not in body
        assert 'id="checkin"' not in body


class TestPause:
    def test_says_why_and_goes_on(self, client, panel, press, room):
        assert press("pause-room", room.pk, reason="Lunch").url == panel
        page = text(client.get(panel))
        assert f"{room} is paused." in page
        assert "Lunch" in page

        press("resume-room", room.pk)
        assert f"{room} is open again." in text(client.get(panel))
        assert Room.objects.get().is_open

    def test_needs_a_reason(self, press, panel, room):
        response = press("pause-room", room.pk, reason="")
        assert response.status_code == 422
        assert "Reason: This field is required." in text(response)
        assert Room.objects.get().is_open

    def test_refuses_twice(self, press, panel, room, omar):
        rooms.pause(room_id=room.pk, reason="Lunch", actor=omar, at=NINE)
        assert press("pause-room", room.pk, reason="Lunch").status_code == 409

    def test_shows_at_the_desk(self, client, press, panel, room):
        press("pause-room", room.pk, reason="Lunch")
        assert "Lunch" in text(client.get(reverse("desk")))
