"""People at their screens: a desk, a wall, the admin."""

from __future__ import annotations

import re

from django.utils import timezone
from playwright.sync_api import expect

from queueing import tickets
from queueing.models import Ticket
from tests.browser.pages import SOON, issue, notice, room, row


class TestADay:
    def test_from_a_ticket_to_its_completion(self, open_page, people, wall):
        desk = open_page(user=people.supervisor)

        issue(desk)
        expect(notice(desk)).to_contain_text("A-001 issued for General practice")
        expect(wall.locator("#next")).to_have_text("A-001", timeout=SOON)

        room(desk, "Room 2").get_by_role("button", name="Call next").click()
        expect(notice(desk)).to_contain_text("A-001 called to Room 2.")
        expect(wall.locator("#code")).to_have_text("A-001", timeout=SOON)
        expect(wall.locator("#room")).to_have_text("Room 2")
        expect(wall.locator("#now")).to_have_attribute("data-state", "calling")

        desk.get_by_role("button", name="Started A-001").click()
        expect(room(desk, "Room 2")).to_contain_text("With patient")
        desk.get_by_role("link", name="Complete…").click()
        desk.get_by_label("Seen").check()
        desk.get_by_role("button", name="Complete 1 ticket").click()
        desk.wait_for_load_state()

        ticket = Ticket.objects.get()
        assert (ticket.status, ticket.completed_by) == ("completed", "supervisor")
        desk.goto("/desk/")
        expect(room(desk, "Room 2")).to_contain_text("Free")

    def test_goes_on_without_javascript(self, open_page, people):
        desk = open_page(user=people.receptionist, java_script_enabled=False)

        issue(desk)
        expect(notice(desk)).to_contain_text("A-001 issued")
        row(desk, "A-001").get_by_role("button", name="Call A-001 to Room 1").click()
        expect(notice(desk)).to_contain_text("A-001 called to Room 1.")
        desk.get_by_role("button", name="No-show A-001").click()
        expect(notice(desk)).to_contain_text("A-001 did not come.")

        wall = open_page("/display/hall/", java_script_enabled=False)
        expect(wall.locator("#code")).to_have_text("A-001")


class TestDesk:
    def test_hears_of_another_desk_and_moves_neither_focus_nor_what_is_typed(self, open_page, people):
        maria, sofia = open_page(user=people.receptionist), open_page(user=people.supervisor)
        expect(maria.locator("#live")).to_have_text("Live", timeout=SOON)
        maria.locator(".tile", has_text="Nurse").click()
        maria.get_by_placeholder("Reference or name").fill("Ana Per")

        issue(sofia)

        expect(row(maria, "A-001")).to_be_visible(timeout=SOON)
        expect(maria.locator(".tile", has_text="General practice").locator("small")).to_contain_text("1 ·")
        expect(maria.get_by_placeholder("Reference or name")).to_be_focused()
        expect(maria.get_by_placeholder("Reference or name")).to_have_value("Ana Per")
        expect(maria.locator(".tile:has(:checked)")).to_contain_text("Nurse")

    def test_leaves_an_open_menu_alone_and_says_when_its_ticket_is_gone(self, open_page, people):
        maria, sofia = open_page(user=people.receptionist, expected=["409"]), open_page(user=people.supervisor)
        issue(maria)
        row(maria, "A-001").locator("summary").click()
        maria.get_by_label("Because").fill("faint")
        expect(row(sofia, "A-001")).to_be_visible(timeout=SOON)

        row(sofia, "A-001").get_by_role("button", name="Call A-001").click()

        expect(row(maria, "A-001")).to_have_class("first gone", timeout=SOON)
        expect(maria.get_by_label("Because")).to_be_focused()
        expect(maria.get_by_label("Because")).to_have_value("faint")
        maria.get_by_role("button", name="Move").click()
        expect(notice(maria)).to_contain_text("A-001 is called (Room 1): supervisor did that")
        maria.keyboard.press("Escape")
        expect(row(maria, "A-001")).to_have_count(0)

    def test_tells_who_was_faster(self, open_page, people, servers):
        maria = open_page(user=people.receptionist, expected=["409"])
        sofia = open_page(user=people.supervisor)
        issue(maria)
        expect(row(sofia, "A-001")).to_be_visible(timeout=SOON)
        servers.kill("worker")  # nobody hears of anybody
        row(sofia, "A-001").get_by_role("button", name="Call A-001").click()
        expect(notice(sofia)).to_contain_text("called to Room 1")

        row(maria, "A-001").get_by_role("button", name="Call A-001").click()

        expect(notice(maria)).to_contain_text("A-001 is called (Room 1): supervisor did that at")
        expect(row(maria, "A-001")).to_have_count(0)
        expect(room(maria, "Room 1")).to_contain_text("A-001")

    def test_stays_whole_when_the_answer_comes_after_the_news_of_it(self, open_page, people):
        """The push takes the button out of the page while its own request is still on the way."""
        desk = open_page(user=people.receptionist)
        expect(desk.locator("#live")).to_have_text("Live", timeout=SOON)
        issue(desk)
        row(desk, "A-001").get_by_role("button", name="Call A-001 to Room 1").click()
        late = []
        desk.route("**/miss/?*", lambda route: late.append((route, route.fetch())))
        desk.get_by_role("button", name="No-show A-001").click()
        expect(room(desk, "Room 1")).to_contain_text("Free", timeout=SOON)

        route, response = late.pop()
        with desk.expect_response("**/miss/?*"):
            route.fulfill(response=response)

        expect(notice(desk)).to_contain_text("A-001 did not come.")
        expect(desk.locator("#live")).to_be_visible()
        expect(desk).to_have_url(re.compile(r"/desk/$"))

    def test_takes_a_double_press_for_one(self, open_page, people):
        desk = open_page(user=people.receptionist)
        desk.locator(".tile", has_text="General practice").click()

        desk.get_by_role("button", name="Issue ticket").dblclick()

        expect(notice(desk)).to_contain_text("A-001 issued")
        desk.goto("/desk/")
        expect(desk.locator("#line tbody tr")).to_have_count(1)

    def test_does_all_of_a_rows_menu_in_place(self, open_page, people):
        desk = open_page(user=people.receptionist)
        for code, service in (("A-001", "General practice"), ("B-001", "Nurse"), ("A-002", "General practice")):
            issue(desk, service)
            expect(notice(desk)).to_contain_text(f"{code} issued")

        row(desk, "A-002").locator("summary").click()
        desk.get_by_label("Priority", exact=True).select_option("Urgent")
        desk.get_by_role("button", name="Change").click()
        expect(notice(desk)).to_contain_text("A-002 is now urgent.")
        expect(desk.locator("#line tbody tr").first).to_contain_text("A-002")

        row(desk, "A-001").locator("summary").click()
        desk.get_by_label("Send on to").select_option("Nurse")
        desk.get_by_role("button", name="Send", exact=True).click()
        expect(notice(desk)).to_contain_text("A-001 now waits for Nurse.")

        row(desk, "B-001").locator("summary").click()
        desk.get_by_label("Hold").fill("at X-ray")
        desk.get_by_role("button", name="Hold").click()
        expect(row(desk, "B-001")).to_contain_text("on hold: at X-ray")
        row(desk, "B-001").get_by_role("button", name="Back in line").click()
        expect(notice(desk)).to_contain_text("B-001 is back in line for Nurse.")

    def test_shows_one_line_and_finds_without_reloading(self, open_page, people, places):
        desk = open_page(user=people.receptionist)
        issue(desk)
        expect(row(desk, "A-001")).to_be_visible()
        issue(desk, "Nurse", **{"Patient (optional)": "Ana Pereira"})
        expect(row(desk, "B-001")).to_be_visible()

        desk.locator("#tabs").get_by_role("link", name="Nurse").click()
        expect(row(desk, "A-001")).to_have_count(0)
        expect(desk).to_have_url(re.compile(rf"/desk/\?service={places.nurse.pk}$"))
        desk.go_back()
        expect(row(desk, "A-001")).to_be_visible()
        expect(desk.locator("#live")).to_be_visible()  # its script runs
        desk.keyboard.press("F4")
        desk.keyboard.type("perei")
        expect(row(desk, "A-001")).to_have_count(0)
        expect(row(desk, "B-001")).to_be_visible()
        expect(desk.get_by_role("searchbox")).to_be_focused()
        expect(desk).to_have_url(re.compile(r"q=perei$"))

        with desk.expect_response(
            lambda answer: answer.url.endswith("q=perei")
        ):  # what others do does not end a search
            tickets.issue(service_id=places.general.pk, actor=people.supervisor, at=timezone.now())
        expect(desk.locator("#tab-all")).to_contain_text("3")
        expect(desk.locator("#line tbody tr")).to_have_count(1)

    def test_says_so_when_the_clinic_does_not_answer_sends_nothing_and_recovers(self, open_page, people, servers):
        desk = open_page(user=people.receptionist, expected=["ERR_", "WebSocket", "htmx:"])
        expect(desk.locator("#live")).to_have_text("Live", timeout=SOON)
        servers.kill("web")
        issue(desk)

        expect(notice(desk)).to_contain_text("did not answer")
        expect(desk.locator("#live")).to_have_text("Reconnecting", timeout=SOON)
        expect(desk.locator("#live")).to_contain_text("Not live since", timeout=25_000)
        expect(desk.locator("#offline")).to_contain_text("Actions are blocked.", timeout=SOON)
        expect(desk.locator("#frozen")).to_be_visible()
        desk.get_by_role("button", name="Issue ticket").click()
        expect(notice(desk)).to_contain_text("Not connected: nothing was sent.")
        expect(desk.get_by_role("button", name="Issue ticket")).to_be_focused()
        servers.start("web")
        expect(desk.locator("#live")).to_have_text("Live", timeout=60_000)
        expect(desk.locator("#offline")).to_be_hidden()
        assert not Ticket.objects.exists()

    def test_leads_to_sign_in_once_signed_out(self, open_page, people):
        desk = open_page(user=people.receptionist)
        desk.context.clear_cookies(name="sessionid")

        issue(desk)

        expect(desk.get_by_role("heading", name="Sign in")).to_be_visible()
