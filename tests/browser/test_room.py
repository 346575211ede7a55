"""A clinician at the panel of one room, on a tablet."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from queueing import tickets
from queueing.models import Event, Ticket
from tests.browser.pages import SOON, notice

TABLET = {"width": 1024, "height": 768}


def test_sees_patients_without_leaving_the_panel(open_page, people, places):
    act = {"actor": people.supervisor, "at": timezone.now()}
    for _ in range(3):
        tickets.issue(service_id=places.general.pk, **act)
    there = reverse("room", args=[places.rooms[0].pk])
    panel = open_page("/desk/", user=people.clinician, viewport=TABLET)
    panel.goto(there)
    expect(panel.locator("#live")).to_have_attribute("data-state", "live", timeout=SOON)

    panel.keyboard.press("F8")
    expect(notice(panel)).to_contain_text("A-001 called to Room 1.")
    expect(panel.locator(".huge")).to_have_text("A-001")
    expect(panel.get_by_role("button", name="Call next")).to_have_count(0)  # nothing completes by calling
    panel.keyboard.press("F9")
    expect(notice(panel)).to_contain_text("A-001 called again")
    panel.get_by_role("button", name="Put back").click()
    expect(notice(panel)).to_contain_text("A-001 is back in line")
    panel.get_by_role("button", name="Call A-002 to Room 1").click()
    expect(panel.locator(".huge")).to_have_text("A-002")
    panel.get_by_role("button", name="No-show").click()
    expect(notice(panel)).to_contain_text("A-002 did not come.")
    notice(panel).get_by_role("button", name="Undo").click()
    expect(panel.locator(".huge")).to_have_text("A-002")
    panel.get_by_role("button", name="Started").click()
    expect(panel.locator("#now-heading")).to_contain_text("With patient")
    assert panel.url.endswith(there)

    panel.get_by_label("Send on to").select_option("Nurse")
    panel.get_by_role("button", name="Send on").click()
    expect(notice(panel)).to_contain_text("A-002 now waits for Nurse.")
    panel.get_by_role("button", name="Call next").click()
    expect(panel.locator(".huge")).to_have_text("A-001")
    panel.get_by_role("button", name="Started").click()
    panel.get_by_role("link", name="Complete…").click()
    panel.get_by_label("Seen").check()
    panel.get_by_role("button", name="Complete 1 ticket").click()
    panel.wait_for_load_state()
    assert Ticket.objects.get(code="A-001").completed_by == "clinician"

    panel.goto(there)
    panel.get_by_label("Reason").fill("Lunch")
    panel.get_by_role("button", name="Pause").click()
    expect(panel.locator(".now")).to_contain_text("Lunch")
    panel.get_by_role("button", name="Open the room again").click()
    expect(panel.locator("#now-heading")).to_have_text("Free")
    assert {"room.paused", "room.resumed"} <= set(Event.objects.values_list("verb", flat=True))

    with panel.expect_response(lambda answer: answer.url.endswith(there)):
        tickets.issue(service_id=places.general.pk, **act)
    expect(panel.locator(".next-five")).to_contain_text("A-004", timeout=SOON)
