"""Whatever ends a socket, the screen is back by itself and has missed nothing."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications import boards
from queueing import tickets
from queueing.models import Ticket
from tests.browser.pages import SOON, issue, notice, row


@pytest.fixture
def call(people, places):
    """Issue and call a ticket without any page; its code."""

    def make():
        act = {"actor": people.supervisor, "at": timezone.now()}
        for ticket in Ticket.objects.in_room():
            tickets.miss(ticket_id=ticket.pk, **act)
        ticket = tickets.issue(service_id=places.general.pk, **act)
        return tickets.call(ticket_id=ticket.pk, room_id=places.rooms[0].pk, **act).code

    return make


@pytest.fixture
def sockets(wall):
    """The wall's sockets, in the order they were opened."""
    opened = []

    def pass_on(socket):
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(socket.send)
        opened.append(socket)

    wall.route_web_socket("**/ws/display/**", pass_on)
    wall.reload()
    expect(wall.locator("body")).to_have_attribute("data-live", "live", timeout=SOON)
    return opened


def shows(wall, code):
    expect(wall.locator("#code")).to_have_text(code, timeout=SOON)
    expect(wall.locator("body")).to_have_attribute("data-live", "live", timeout=SOON)


class TestWall:
    def test_comes_back_after_every_close_and_every_loss_of_valkey(self, wall, sockets, call):
        for number, code in enumerate((1000, 1012), start=1):
            sockets[-1].close(code=code)
            shows(wall, call())
            assert len(sockets) == number + 1

        for kind in ("pubsub", "normal"):
            boards.blocking_client().client_kill_filter(_type=kind, skipme=True)
        shows(wall, call())

        boards.blocking_client().flushall()
        shows(wall, call())

    def test_comes_back_after_the_server_was_killed(self, wall, forgiven, servers, call):
        """The browser calls that 1006."""
        forgiven += ["WebSocket connection", "ERR_CONNECTION_REFUSED"]
        servers.kill("web")
        missed = call()
        expect(wall.locator("body")).not_to_have_attribute("data-live", "live", timeout=SOON)
        servers.start("web")

        shows(wall, missed)
        assert len(wall.shown) <= 1


class TestDesks:
    def test_call_two_tickets_when_both_call_next_at_once(self, open_page, people, places):
        for _ in range(2):
            tickets.issue(service_id=places.general.pk, actor=people.supervisor, at=timezone.now())
        maria, sofia = open_page(user=people.receptionist), open_page(user=people.supervisor)

        said = press_at_once(
            (maria, maria.locator(".room", has_text="Room 1").get_by_role("button", name="Call next")),
            (sofia, sofia.locator(".room", has_text="Room 2").get_by_role("button", name="Call next")),
        )

        assert [status for status, _text in said] == [200, 200]
        assert sorted(code for code in ("A-001", "A-002") for _status, text in said if f"{code} called" in text) == [
            "A-001",
            "A-002",
        ]

    def test_call_the_same_ticket_once(self, open_page, people):
        maria = open_page(user=people.receptionist, expected=["409"])
        sofia = open_page(user=people.supervisor, expected=["409"])
        issue(maria)
        for desk in (maria, sofia):
            expect(row(desk, "A-001")).to_be_visible(timeout=SOON)

        said = press_at_once(
            (maria, row(maria, "A-001").get_by_role("button", name="Call A-001")),
            (sofia, row(sofia, "A-001").get_by_role("button", name="Call A-001")),
        )

        assert sorted(status for status, _text in said) == [200, 409]
        refused = next(text for status, text in said if status == 409)
        assert "A-001 is called (Room 1)" in refused


def press_at_once(*presses):
    """Hold both requests until both were made, then let them go: status and notice of each."""
    held, answers = [], {}
    for page, button in presses:
        page.route("**/desk/**", lambda route: held.append(route) if is_press(route.request) else route.fallback())
        page.on(
            "response", lambda answer: is_press(answer.request) and answers.update({answer.frame.page: answer.status})
        )
        with page.expect_request(is_press):
            button.click()
    for route in held:
        route.continue_()
    for page, _button in presses:
        expect(notice(page)).to_contain_text("A-00", timeout=SOON)
    return [(answers[page], notice(page).inner_text()) for page, _button in presses]


def is_press(request):
    return request.method == "POST"
