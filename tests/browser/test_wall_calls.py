"""Calls on the wall when there are many at once, or when it was away. Its clock is ours: nobody waits eight seconds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from queueing import history, tickets
from queueing.models import Room, RoomService
from tests.browser.pages import SOON

#: Milliseconds that the wall shows each call for at least.
SHOWN = 8_000
#: Until it has the boards of one moment together.
GATHERED = 200
HOUR = 3_600_000
#: Patience with a channel that drops, doubles and delays.
LATE = 40_000


@pytest.fixture
def settings_module():
    """A channel layer that loses, doubles and delays: what holds on it holds on a good one."""
    return "tests.browser.lossy_settings"


@pytest.fixture
def call(people, places):
    """Somebody came and is called to a room; `leaves` frees it again. The id of the call."""

    def make(room, service=places.general, ago=timedelta(), leaves=False):
        act = {"actor": people.supervisor, "at": timezone.now() - ago}
        ticket = tickets.issue(service_id=service.pk, **act)
        tickets.call(ticket_id=ticket.pk, room_id=room.pk, **act)
        if leaves:
            tickets.miss(ticket_id=ticket.pk, **act)
        return f"{ticket.pk}-1"

    return make


@pytest.fixture
def ours(wall):
    """The wall, whose clock stands still until we move it."""
    wall.clock.install()
    wall.reload()
    expect(wall.locator("body")).to_have_attribute("data-live", "live", timeout=LATE)
    wall.clock.pause_at(wall.evaluate("Date.now() / 1000") + 1)
    return wall


def knows(wall, calls):
    wall.wait_for_function(
        "(calls) => calls.every((id) => sessionStorage.getItem('hall')?.includes(`\"${id}\"`))",
        arg=calls,
        timeout=LATE,
        polling=100,
    )
    wall.clock.run_for(GATHERED)


def listed(wall):
    return wall.locator("#before .code").all_text_contents()


class TestTheWall:
    def test_shows_twenty_calls_of_one_second_one_after_the_other_for_eight_seconds_each(self, ours, call, places):
        calls = [call(places.rooms[0], leaves=True) for _ in range(20)]
        knows(ours, calls)

        for number, code in enumerate([f"A-{n:03d}" for n in range(1, 21)], start=1):
            expect(ours.locator("#code")).to_have_text(code, timeout=SOON)
            assert ours.shown == calls[:number]
            assert code not in listed(ours)
            ours.clock.run_for(SHOWN - 100)
            expect(ours.locator("#code")).to_have_text(code)
            assert ours.shown == calls[:number]
            ours.clock.run_for(100)

        assert listed(ours)[:2] == ["A-019", "A-018"]
        ours.clock.run_for(2 * SHOWN)
        assert ours.shown == calls

    def test_shows_two_calls_of_one_instant_but_nobody_who_was_put_back(self, ours, call, people, places):
        with history.operation(actor="setup"):
            third = Room.objects.create(name="Room 3")
            RoomService.objects.create(room=third, service=places.general)
        one, two, three = call(places.rooms[0]), call(places.rooms[1]), call(third)
        knows(ours, [one, two, three])
        expect(ours.locator("#code")).to_have_text("A-001")

        tickets.put_back(ticket_id=int(two.split("-")[0]), actor=people.supervisor, at=timezone.now())
        expect(ours.locator("#next")).to_have_text("A-002", timeout=LATE)
        ours.clock.run_for(SHOWN)

        expect(ours.locator("#code")).to_have_text("A-003")
        expect(ours.locator("#room")).to_have_text("Room 3")
        assert ours.shown == [one, three]
        assert listed(ours) == ["A-001"]

        tickets.put_back(ticket_id=int(three.split("-")[0]), actor=people.supervisor, at=timezone.now())
        expect(ours.locator("#code")).to_have_text("A-001", timeout=LATE)
        expect(ours.locator("#now")).to_have_attribute("data-state", "called")

    def test_after_an_hour_of_sleep_announces_what_is_new_and_lists_what_is_not(
        self, ours, forgiven, servers, call, places
    ):
        one, two = call(places.rooms[0], leaves=True), call(places.rooms[1], leaves=True)
        knows(ours, [one, two])
        expect(ours.locator("#code")).to_have_text("A-001")
        forgiven += ["ERR_CONNECTION", "WebSocket", "Failed to load"]
        servers.kill("web")

        ours.clock.fast_forward(HOUR)
        expect(ours.locator("body")).to_have_attribute("data-live", "outdated", timeout=LATE)
        expect(ours.locator("#strip")).to_contain_text("not up to date")
        call(places.rooms[0], ago=timedelta(minutes=50), leaves=True)
        latest = call(places.rooms[1])
        servers.start("web")
        ours.clock.resume()

        expect(ours.locator("#code")).to_have_text("A-004", timeout=LATE)
        expect(ours.locator("#now")).to_have_attribute("data-state", "calling")
        expect(ours.locator("#before")).to_contain_text("A-003")
        expect(ours.locator("#before")).to_contain_text("A-002")
        expect(ours.locator("body")).to_have_attribute("data-live", "live", timeout=LATE)
        assert ours.shown == [one, latest]
