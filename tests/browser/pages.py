"""What people do on a page, and where they look."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

#: Patience for what travels through the worker and back, in milliseconds.
SOON = 20_000
#: What axe judges a page by: WCAG 2.2 A and AA, and its own good practice.
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = [*WCAG, "best-practice"]


def issue(desk, service="General practice", **typed):
    desk.locator(".tile", has_text=service).click()
    for label, words in typed.items():
        desk.get_by_label(label, exact=True).fill(words)
    desk.get_by_role("button", name="Issue ticket").click()


def notice(page):
    return page.locator("#notices")


def row(page, code):
    return page.locator("#line tbody tr", has_text=code)


def room(page, name):
    return page.locator(".room", has_text=name)


def violations(page, rules=RULES):
    """What axe finds wrong with the page, in its own words, one line an element; `assert violations(page) == []`."""
    expect(page.locator(".htmx-request")).to_have_count(0)  # what is being sent is pale
    # Not preloaded: axe would ask for style sheets by addresses that are none.
    options = {"runOnly": {"type": "tag", "values": rules}, "resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {rule['help']}: {' '.join(map(str, node['target']))}: {_why(node)}"
        for rule in found
        for node in rule["nodes"]
    ]


def _why(node):
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])
