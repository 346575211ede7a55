"""Patients at their phone and at the kiosk."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from django.utils import timezone
from playwright.sync_api import Error, expect

from queueing import history, tickets
from queueing.models import Kiosk, Ticket
from tests.browser.pages import SOON

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
#: Bytes that the page of a ticket may take on its way, all in all.
LIGHT = 40 * 1024
#: Pixels of the smallest target on a kiosk.
TARGET = 60
VIBRATES = "navigator.vibrate = (pattern) => { window.vibrated = pattern; return true; };"
FOCUSED = "document.activeElement.matches('button, a') && document.activeElement.innerText || ''"
TRANSFERRED = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .map(({ name, transferSize }) => [name, transferSize])"""


@pytest.fixture
def act(people, places):
    """Verbs, done now by a supervisor in Room 1."""

    def act(verb, ticket=None, **arguments):
        if ticket:
            arguments["ticket_id"] = ticket.pk
        return getattr(tickets, verb)(actor=people.supervisor, at=timezone.now(), **arguments)

    return act


@pytest.fixture
def line(act, places):
    """Five tickets for the general practice."""
    return [act("issue", service_id=places.general.pk) for _ in range(5)]


@pytest.fixture
def phone(open_page):
    def phone(ticket, **options):
        page = open_page("about:blank", **PHONE, **options)
        page.add_init_script(VIBRATES)
        page.goto(f"/t/{ticket.token}/")
        return page

    return phone


@pytest.fixture
def entrance(places):
    with history.operation(actor="setup"):
        places.general.names_on_displays, places.nurse.names_on_displays = True, False
        places.general.save(), places.nurse.save()
        return Kiosk.objects.create(name="Entrance", slug="entrance", languages="en ar", open_to_all=True)


@pytest.fixture
def kiosk(open_page, entrance):
    """The kiosk; its clock is moved by the test."""

    def kiosk(**options):
        page = open_page("about:blank", expected=["422", "409"], **options)
        page.clock.install()
        page.goto("/kiosk/entrance/")
        return page

    return kiosk


def button(page, name):
    return page.get_by_role("button", name=name)


def state(page):
    return page.locator("#ticket")


class TestAPhone:
    def test_follows_a_ticket_from_the_line_into_the_room(self, phone, line, act, places):
        room = places.rooms[0].pk
        page = phone(line[1])
        expect(page.locator("#live")).to_contain_text("Live", timeout=SOON)
        expect(page.get_by_role("heading")).to_have_text("1 person is ahead of you")
        expect(page.locator(".wait")).to_contain_text(re.compile(r"About \d*[05] to \d*[05] minutes"))
        loaded = page.evaluate(TRANSFERRED)
        assert sum(size for _name, size in loaded) < LIGHT
        assert not [name for name, _size in loaded if "woff" in name]

        button(page, "Tell me when it is my turn").click()
        expect(button(page, "You will be told here")).to_have_attribute("aria-pressed", "true")
        act("call", line[0], room_id=room)
        expect(page.get_by_role("heading")).to_have_text("You are next", timeout=SOON)
        act("miss", line[0])
        act("call", line[1], room_id=room)

        expect(state(page)).to_have_attribute("data-state", "called", timeout=SOON)
        expect(page.locator(".room")).to_have_text("Room 1")
        expect(page.locator("#alert")).to_contain_text("Please come in")
        expect(page.locator("#alert")).to_contain_text("Room 1")
        expect(page).to_have_title(re.compile("^Your turn: Room 1"))
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 210, 63)")
        assert page.evaluate("window.vibrated")

        button(page, "I'm coming").click()
        expect(page.locator("#told")).to_contain_text("The desk knows that you are coming")
        expect(page.locator("#told")).to_be_focused()
        assert Ticket.objects.get(pk=line[1].pk).coming_at

        act("start", line[1])
        expect(page.get_by_role("heading")).to_have_text("You are with a clinician", timeout=SOON)
        expect(page.locator("#alert")).to_contain_text("Room 1")
        act("complete", line[1], outcome="seen")
        expect(page.get_by_role("heading")).to_have_text("Thank you for your visit", timeout=SOON)

    def test_takes_more_time_leaves_and_comes_back_also_without_javascript(self, phone, open_page, line, act, places):
        page = phone(line[0], expected=["409"])
        here = f"/t/{line[0].token}/"
        page.evaluate(f"document.getElementById('more-time').form.action = '{here}coming/'")  # an old page
        button(page, "I need 10 more minutes").click()
        expect(page.locator("#refusal")).to_have_text("You are not called now. Nothing was changed.")
        button(page, "I need 10 more minutes").click()
        expect(page.locator("#told")).to_contain_text("You took more time")
        expect(page.get_by_role("heading")).to_have_text("4 people are ahead of you")
        expect(button(page, "I need 10 more minutes")).to_have_count(0)

        page.get_by_role("link", name="Leave the line").click()
        expect(page.get_by_role("heading")).to_have_text("Leave the line?")
        page.get_by_role("link", name="Stay in the line").click()
        page.get_by_role("link", name="Leave the line").click()
        button(page, "Yes, leave the line").click()
        expect(page.get_by_role("heading")).to_have_text("This ticket is cancelled")
        button(page, "Take my place again").click()
        expect(page.get_by_role("heading")).to_have_text("4 people are ahead of you")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]

        plain = open_page(f"/t/{line[1].token}/", java_script_enabled=False, **PHONE)
        expect(button(plain, "Tell me")).to_have_count(0)
        button(plain, "I need 10 more minutes").click()
        expect(plain.get_by_role("heading")).to_have_text("4 people are ahead of you")
        act("call", line[1], room_id=places.rooms[0].pk)
        plain.reload()
        button(plain, "I'm coming").click()
        expect(plain.locator("#told")).to_contain_text("The desk knows")

    def test_says_when_it_is_not_live_and_asks_every_15_seconds(self, open_page, line, act, places, servers):
        page = open_page("about:blank", **PHONE)
        page.clock.install()
        page.goto(f"/t/{line[0].token}/")
        expect(page.locator("#live")).to_contain_text("Live", timeout=SOON)
        servers.kill("worker")

        page.clock.run_for(17_000)

        expect(page.locator("#live")).to_contain_text("Not live since")
        expect(page.locator(".wait")).to_be_hidden()
        act("call", line[0], room_id=places.rooms[0].pk)
        page.clock.run_for(16_000)
        expect(state(page)).to_have_attribute("data-state", "called", timeout=SOON)


class TestAKiosk:
    def test_gives_a_ticket_by_touch(self, kiosk, places):
        page = kiosk(viewport={"width": 1080, "height": 1920}, has_touch=True)
        small = []

        def go_on(name):
            for target in page.get_by_role("button").all() + page.get_by_role("link").all():
                box = target.bounding_box()
                if box["width"] < TARGET or box["height"] < TARGET:
                    small.append((page.get_by_role("heading").first.inner_text(), target.inner_text(), box))
            button(page, name).tap()

        go_on("English")
        go_on("General practice")
        for key in "P-70":
            page.locator(f"[data-key='{key}']").tap()
        button(page, "Delete").tap()
        expect(page.get_by_label("Do you have a patient number?")).to_have_value("P-7")
        go_on("Go on with this number")
        expect(page.get_by_role("heading")).to_have_text("We did not find this number")
        expect(page.locator("main")).to_contain_text("You have no ticket yet")
        go_on("Go on without a number")
        go_on("Yes, also my name")
        for key in "ANA":
            page.locator(f"[data-key='{key}']").tap()
        go_on("Go on")

        expect(page.locator(".paper .code")).to_have_text("A-001")
        ticket = Ticket.objects.get()
        expect(page.locator("svg.qr")).to_be_visible()
        assert (ticket.patient.name, ticket.patient.show_name) == ("ANA", True)
        assert small == []
        page.clock.run_for(31_000)
        expect(button(page, "English")).to_be_visible()
        with suppress(Error):  # the browser keeps no copy, and would have to send the answers again
            page.go_back()
        expect(page.locator("body")).not_to_contain_text(ticket.code)

    def test_is_used_by_keyboard_alone_and_clears_itself_after_a_warning(self, kiosk):
        page = kiosk(viewport={"width": 1280, "height": 800})

        def reach(name):
            for _ in range(60):
                if name in page.evaluate(FOCUSED):
                    return page.keyboard.press("Enter")
                page.keyboard.press("Tab")
            return pytest.fail(f"{name} is not reached by Tab")

        reach("English")
        expect(page.get_by_role("heading")).to_have_text("What do you come for?")
        reach("Nurse")
        expect(page.get_by_label("Do you have a patient number?")).to_be_focused()
        page.keyboard.type("P-1")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading")).to_have_text("We did not find this number")
        reach("Try again")
        expect(page.get_by_label("Do you have a patient number?")).to_be_focused()
        reach("I have no number")
        expect(page.locator(".paper .code")).to_have_text("B-001")
        reach("Done")
        expect(button(page, "English")).to_be_visible()

        button(page, "English").click()
        button(page, "General practice").click()
        page.get_by_label("Do you have a patient number?").fill("P-4711")

        page.clock.run_for(44_000)
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.clock.run_for(2_000)
        expect(page.get_by_role("dialog")).to_contain_text("Are you still there?")
        button(page, "Yes, go on").click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.get_by_label("Do you have a patient number?")).to_have_value("P-4711")

        page.clock.run_for(46_000)
        expect(page.get_by_role("dialog")).to_be_visible()
        page.clock.run_for(15_000)
        expect(button(page, "English")).to_be_visible()
        expect(page.locator("body")).not_to_contain_text("P-4711")

    def test_speaks_arabic_from_right_to_left_and_needs_no_javascript(self, kiosk, open_page):
        page = kiosk(viewport={"width": 1280, "height": 800})
        button(page, "العربية").click()
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        clinic, corner = page.locator(".clinic").bounding_box(), button(page, "English").bounding_box()
        assert clinic["x"] > corner["x"]
        button(page, "General practice").click()
        page.locator("[name=has_number][value=no]").click()
        page.locator("[name=show_name][value=yes]").click()
        for key in "عمر":
            page.locator(f"[data-key='{key}']").click()
        page.locator("main .primary").click()
        expect(page.locator(".paper .code")).to_have_text("A-001")
        assert Ticket.objects.get().patient.name == "عمر"

        plain = open_page("/kiosk/entrance/", java_script_enabled=False)
        button(plain, "English").click()
        button(plain, "Nurse").click()
        plain.get_by_label("Do you have a patient number?").fill("P-1")
        button(plain, "Go on with this number").click()
        button(plain, "Go on without a number").click()
        expect(plain.locator(".paper .code")).to_have_text("B-001")
