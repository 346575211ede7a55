"""The wall, seen from the waiting room."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from queueing.models import Ticket
from tests.browser import lossy_layer
from tests.browser.pages import SOON, issue, notice, room, row

#: Milliseconds that the wall shows each call for at least.
SHOWN = 8_000


@pytest.fixture
def settings_module():
    """A channel layer that loses, doubles and delays: what holds on it holds on a good one."""
    return "tests.browser.lossy_settings"


class TestWall:
    def test_plays_every_call_once_in_order_and_not_again_after_a_reload(self, open_page, people, wall):
        desk = open_page(user=people.receptionist)
        for service in ("General practice", "Nurse"):
            issue(desk, service)
            expect(notice(desk)).to_contain_text(f"issued for {service}")
        row(desk, "A-001").get_by_role("button", name="Call A-001 to Room 1").click()
        expect(wall.locator("#code")).to_have_text("A-001", timeout=SOON)  # its first word may be lost
        desk.get_by_role("button", name="No-show A-001").click()
        expect(room(desk, "Room 1")).to_contain_text("Free")
        row(desk, "B-001").get_by_role("button", name="Call B-001 to Room 1").click()
        row(desk, "B-001").wait_for(state="detached")
        desk.get_by_role("button", name="Again B-001").click()

        first, second = Ticket.objects.get(code="A-001").pk, Ticket.objects.get(code="B-001").pk
        expected = [f"{first}-1", f"{second}-1", f"{second}-2"]
        wall.wait_for_function(
            "(last) => JSON.parse(sessionStorage.getItem('hall')).played.includes(last)",
            arg=expected[-1],
            timeout=SOON + 3 * SHOWN,
        )
        expect(wall.locator("#code")).to_have_text("B-001")
        expect(wall.locator("#before")).to_contain_text("A-001")
        assert wall.shown in (expected, [f"{first}-1", f"{second}-2"])
        assert all(later - earlier > 0.95 * SHOWN / 1000 for earlier, later in pairwise(wall.shown_at))

        wall.reload()
        expect(wall.locator("body")).to_have_attribute("data-live", "live", timeout=SOON)
        expect(wall.locator("#now")).to_have_attribute("data-state", "called")
        assert wall.shown[-1] == expected[-1]
        assert len(wall.shown) == len(set(wall.shown))

    def test_shows_a_name_only_with_consent(self, open_page, people, wall):
        desk = open_page(user=people.receptionist)
        issue(desk, **{"Patient (optional)": "Ana Pereira"})
        expect(notice(desk)).to_contain_text("A-001 issued")
        desk.get_by_text("Also: needs, name, consent").click()
        desk.get_by_label("Agrees that screens show the name").check()
        issue(desk, "Nurse", **{"Name": "Omar <b>Haddad</b>"})
        expect(notice(desk)).to_contain_text("B-001 issued")

        row(desk, "A-001").get_by_role("button", name="Call A-001").click()
        expect(wall.locator("#code")).to_have_text("A-001", timeout=SOON)
        expect(wall.locator("#name")).to_be_hidden()
        desk.get_by_role("button", name="No-show A-001").click()
        expect(room(desk, "Room 1")).to_contain_text("Free")
        row(desk, "B-001").get_by_role("button", name="Call B-001").click()
        expect(wall.locator("#name")).to_have_text("Omar <b>Haddad</b>", timeout=SOON + SHOWN)

    def test_says_that_it_is_not_live_and_fetches_boards_meanwhile(self, open_page, people, servers, wall):
        servers.kill("worker")
        expect(wall.locator("#strip")).to_contain_text("Not live since", timeout=25_000)
        desk = open_page(user=people.receptionist)

        issue(desk)

        expect(wall.locator("#next")).to_have_text("A-001", timeout=SOON)
        servers.start("worker")
        expect(wall.locator("#strip")).to_be_hidden(timeout=20_000)

    def test_of_an_unknown_address_is_not_found(self, open_page):
        page = open_page("/display/nowhere/", expected=["404"])

        expect(page.get_by_role("heading")).to_have_text("Nothing is here")


def test_the_layer_is_as_bad_as_it_says():
    layer = lossy_layer.LossyLayer()
    fates = [layer.fate() for _ in range(10_000)]
    assert 0.28 < sum(not fate for fate in fates) / len(fates) < 0.32
    assert 0.08 < sum(len(fate) == 2 for fate in fates) / len(fates) < 0.12
    assert 2.9 < max(delay for fate in fates for delay in fate) < 3.0
