"""The page "Delivery" and the question before a discard, on a desk and on a phone, under the real content policy."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from notifications.models import DeadLetter

SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
LONG = "clinic-worker-with-a-very-long-name-in-rack-17.internal.clinic.example:1234567"


@pytest.mark.parametrize("size", SIZES)
def test_dead_letters_are_found_and_discarded(open_page, people, size):
    letter = DeadLetter.objects.create(
        sink="replica", model="queueing.patient", object_id=17, error=LONG, parked_at=timezone.now()
    )
    page = open_page("/admin/notifications/cursor/", people.supervisor, viewport=SIZES[size])

    expect(page.locator(".light")).to_contain_text("Somebody should look")
    assert not page.evaluate(WIDER)
    page.get_by_role("link", name="1, the oldest of").click()
    page.locator(".action-select").check()
    page.get_by_label("Action:").select_option(label="Discard…")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("heading", name="Discard")).to_be_visible()
    assert not page.evaluate(WIDER)
    page.get_by_label("Reason").fill("a test of last week")
    page.get_by_role("button", name="Discard 1 letter").click()

    expect(page.locator(".messagelist")).to_contain_text("is discarded")
    letter.refresh_from_db()
    assert (letter.outcome, letter.closed_by) == ("discarded", "supervisor")
