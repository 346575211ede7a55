"""What axe says of every page, as it is served."""

from __future__ import annotations

from tests.browser.pages import issue, notice, row, violations


def test_finds_nothing_on_the_pages_of_the_desk(open_page, people):
    page = open_page("/sign-in/")
    assert violations(page) == []
    desk = open_page(user=people.supervisor)
    issue(desk)
    row(desk, "A-001").wait_for()
    assert "A-001" in notice(desk).text_content()
    assert violations(desk) == []
    wall = open_page("/display/hall/")
    assert violations(wall) == []


def test_finds_what_is_wrong(open_page):
    page = open_page("/sign-in/")
    page.evaluate("document.querySelector('label[for=id_username]').remove()")

    assert any(line.startswith("label: ") and "#id_username" in line for line in violations(page))
