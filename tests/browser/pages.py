"""What people do on a page, and where they look."""

from __future__ import annotations

#: Patience for what travels through the worker and back, in milliseconds.
SOON = 10_000


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
