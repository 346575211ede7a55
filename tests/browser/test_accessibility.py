"""That axe sees what is wrong; what it says of every page is in test_screens.py."""

from __future__ import annotations

from tests.browser.pages import violations


def test_finds_what_is_wrong(open_page):
    page = open_page("/sign-in/")
    assert violations(page) == []

    page.evaluate("document.querySelector('label[for=id_username]').remove()")

    assert any(line.startswith("label: ") and "#id_username" in line for line in violations(page))
