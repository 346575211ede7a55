"""The desk at speed: by keyboard alone, taken back, cut off, and with three hundred people waiting."""

from __future__ import annotations

import re

from django.utils import timezone
from playwright.sync_api import expect

from queueing import tickets
from queueing.models import Patient, Ticket
from tests.browser.pages import SOON, issue, notice, room, row, violations

HARMFUL = '<script>alert("x")</script> \'O\'Brien\' & "Sons" </td></tr> ' + "Llanfairpwllgwyngyll" * 7
#: Milliseconds in which 300 rows are fetched and morphed, on a machine that does much else at once.
PATIENCE = 3_000


def keys(page, *pressed):
    for key in pressed:
        page.keyboard.press(key)


def tab_to(page, button):
    """By the Tab key alone."""
    for _ in range(60):
        if button.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the Tab key does not lead there")


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


class TestKeyboard:
    def test_is_enough_for_the_whole_day(self, open_page, people):
        desk = open_page(user=people.receptionist)

        keys(desk, "F2", "1", "Enter")  # three keys
        expect(notice(desk)).to_contain_text("A-001 issued for General practice")
        expect(desk.locator("#issued .code")).to_have_text("A-001")
        keys(desk, "F2", "n", "Enter")  # by the first letter
        expect(notice(desk)).to_contain_text("B-001 issued for Nurse")
        keys(desk, "F2", "1", "Enter")
        expect(notice(desk)).to_contain_text("A-002 issued")

        keys(desk, "F8")
        expect(notice(desk)).to_contain_text("A-001 called to Room 1.")
        keys(desk, "F9")
        expect(notice(desk)).to_contain_text("A-001 called again to Room 1.")
        tab_to(desk, desk.get_by_role("button", name="Started A-001"))
        keys(desk, "Enter")
        expect(notice(desk)).to_contain_text("A-001 is in Room 1.")
        keys(desk, "F8")
        expect(notice(desk)).to_contain_text("A-002 called to Room 2.")
        tab_to(desk, desk.get_by_role("button", name="No-show A-002"))
        keys(desk, "Enter")
        expect(notice(desk)).to_contain_text("A-002 did not come.")
        keys(desk, "Control+z")
        expect(notice(desk)).to_contain_text("Taken back: A-002 is called.")
        expect(room(desk, "Room 2")).to_contain_text("A-002")

        keys(desk, "F4")
        desk.keyboard.type("b1")
        expect(desk.locator("#count")).to_have_text("1 ticket matches “b1”")
        expect(row(desk, "B-001")).to_be_visible()
        expect(desk.get_by_role("searchbox")).to_be_focused()

    def test_goes_through_the_table_as_one_stop(self, open_page, people, places):
        for _ in range(3):
            tickets.issue(service_id=places.general.pk, actor=people.supervisor, at=timezone.now())
        desk = open_page(user=people.receptionist)
        expect(row(desk, "A-003")).to_be_visible()
        assert desk.locator('#line tbody [tabindex="0"]').count() == 1

        row(desk, "A-001").get_by_role("button").focus()
        keys(desk, "ArrowDown", "ArrowRight")
        expect(row(desk, "A-002").locator("summary")).to_be_focused()
        keys(desk, "End", "ArrowLeft", "Enter")

        expect(notice(desk)).to_contain_text("A-003 called to Room 1.")
        assert Ticket.objects.get(code="A-003").status == "called"

    def test_can_be_switched_off_for_this_browser(self, open_page, people):
        desk = open_page(user=people.receptionist)
        issue(desk)
        expect(notice(desk)).to_contain_text("A-001 issued")

        desk.get_by_role("button", name="Keyboard shortcuts: on").click()
        desk.wait_for_url("**/desk/")
        expect(desk.get_by_role("button", name="Keyboard shortcuts: off")).to_be_visible()

        expect(desk.locator("[aria-keyshortcuts]")).to_have_count(0)
        expect(desk.locator("kbd", has_text="F")).to_have_count(0)
        keys(desk, "F8", "F2")
        expect(desk.locator("#checkin :focus")).to_have_count(0)
        assert Ticket.objects.get().status == "waiting"
        desk.get_by_role("button", name="Keyboard shortcuts: off").click()
        desk.get_by_label("calls to").select_option("Room 2")
        desk.get_by_role("button", name="Remember").click()
        expect(desk.get_by_label("calls to")).to_have_value(str(Ticket.objects.get().service.rooms.last().room_id))
        keys(desk, "F8")
        expect(notice(desk)).to_contain_text("A-001 called to Room 2.")


class TestShown:
    def test_tells_the_desk_where_and_when_a_call_was_shown(self, open_page, people, wall):
        desk = open_page(user=people.receptionist)
        expect(desk.locator("#live")).to_have_text("Live", timeout=SOON)
        expect(desk.locator("#stats")).to_contain_text("1 screen live")
        issue(desk)
        row(desk, "A-001").get_by_role("button", name="Call A-001").click()

        expect(room(desk, "Room 1").locator("[data-shown]")).to_have_text(
            re.compile(r"^\s*Shown on Hall at \d\d:\d\d:\d\d\.\s*$"), timeout=SOON
        )


class TestUndo:
    def test_stands_beside_what_was_done_for_20_seconds_and_in_the_history_for_longer(self, open_page, people):
        desk = open_page("about:blank", user=people.receptionist)
        desk.clock.install()
        desk.goto("/desk/")
        issue(desk)
        expect(desk.locator("#issued .code")).to_have_text("A-001")
        row(desk, "A-001").get_by_role("button", name="Call A-001").click()
        expect(notice(desk)).to_contain_text("A-001 called to Room 1.")

        desk.clock.fast_forward(19_000)
        notice(desk).get_by_role("button", name="Undo").click()
        expect(notice(desk)).to_contain_text("Taken back: A-001 is waiting.")
        expect(row(desk, "A-001")).to_be_visible()
        expect(room(desk, "Room 1")).to_contain_text("Free")

        row(desk, "A-001").get_by_role("button", name="Call A-001").click()
        expect(notice(desk)).to_contain_text("A-001 called to Room 1.")
        desk.mouse.click(5, 500)
        desk.clock.fast_forward(21_000)
        expect(notice(desk).get_by_role("button", name="Undo")).to_have_count(0)
        expect(desk.locator("#mine li").first).to_contain_text("receptionist called A-001")
        ticket = Ticket.objects.get()
        desk.goto(f"/desk/tickets/{ticket.pk}/")
        desk.get_by_role("button", name="Undo").click()
        desk.wait_for_url("**/desk/")
        expect(notice(desk)).to_contain_text("Taken back: A-001 is waiting.")


class TestNames:
    def test_do_no_harm_and_break_no_layout(self, open_page, people, places):
        patient = Patient(name=HARMFUL[:200], reference="<b>&\"'" * 5)
        tickets.issue(service_id=places.general.pk, patient=patient, actor=people.supervisor, at=timezone.now())
        desk = open_page(user=people.supervisor, viewport={"width": 1440, "height": 900})
        expect(row(desk, "A-001")).to_contain_text("O'Brien")
        assert fits(desk)
        assert violations(desk) == []

        row(desk, "A-001").get_by_role("button", name="Call A-001").click()

        expect(room(desk, "Room 1")).to_contain_text("</td></tr>")
        for width in (1024, 390, 320):
            desk.set_viewport_size({"width": width, "height": 844})
            assert fits(desk), width
        desk.goto("/desk/?q=brien")
        expect(desk.locator("#count")).to_contain_text("1 ticket matches")
        desk.goto("/desk/overview/")
        assert fits(desk)
        assert violations(desk) == []


class TestThreeHundredPeople:
    def test_can_wait_and_be_called(self, open_page, people, places):
        now = timezone.now()
        for number in range(300):
            service = (places.general, places.nurse)[number % 2]
            tickets.issue(service_id=service.pk, actor=people.supervisor, at=now)  # codes begin again at midnight
        desk = open_page(user=people.receptionist)
        expect(desk.locator("#line tbody tr")).to_have_count(300)
        expect(desk.locator("#live")).to_have_text("Live", timeout=SOON)

        took = desk.evaluate(
            """async () => {
                const start = performance.now();
                await htmx.ajax("GET", location.pathname, { source: "#lines", swap: "none" });
                await new Promise(requestAnimationFrame);
                return performance.now() - start;
            }"""
        )
        row(desk, "A-150").get_by_role("button", name="Call A-150").click()

        expect(notice(desk)).to_contain_text("A-150 called to Room 1.")
        expect(desk.locator("#line tbody tr")).to_have_count(299)
        assert took < PATIENCE
