"""Every page in every state, once: axe finds nothing, nothing is wider than the screen, a picture can be kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, sign_in
from tests.browser.pages import RULES, SOON, WCAG, violations
from tests.browser.scene import scene, screens  # noqa: F401  # the fixture

#: While axe scrolls, it leaves empty style attributes, and a push that comes then makes htmx copy one.
EMPTY_STYLE = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
PICTURES = Path(__file__).parent.parent.parent / "docs" / "screens"


@pytest.fixture
def places(scene):  # noqa: F811
    """The servers need a clinic: this one."""
    return scene


@pytest.fixture
def visit(open_page, people):
    """Open a screen in a browser that is kept for all screens of the same person, colours and language."""
    User.objects.create_user("nobody", password=PASSWORD)
    browsers = {}

    def visit(screen):
        key = (screen.who, *screen.options.items())
        if key not in browsers:
            browsers[key] = open_page("about:blank", expected=["403", "404", "409", EMPTY_STYLE], **screen.options)
            if screen.who:
                sign_in(browsers[key], User.objects.get(username=screen.who), lands=screen.who != "nobody")
        page = browsers[key]
        page.set_viewport_size({"width": screen.size[0], "height": screen.size[1]})
        answer = page.goto(screen.path)
        if screen.sent:
            answer = send(page, screen.sent)
        assert answer.status == screen.status, screen.name
        settle(page)
        return page

    return visit


def send(page, fields):
    """Send the page's first form with these fields; the answer."""
    with page.expect_navigation() as navigation:
        page.evaluate(
            """(fields) => {
                const form = document.querySelector("main form");
                for (const [name, value] of Object.entries(fields)) {
                    form.querySelectorAll(`[name="${name}"]`).forEach((old) => old.removeAttribute("name"));
                    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
                }
                form.submit();
            }""",
            fields,
        )
    return navigation.value


def be_live(page):
    """For a picture: the next tick can take five seconds."""
    if page.locator("#lines").count():
        expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=SOON)


def settle(page):
    """Fonts are there, and nothing moves."""
    page.evaluate("document.fonts.ready")
    page.evaluate("Promise.allSettled(document.getAnimations().map((animation) => animation.finished))")


def too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") > 0


@pytest.mark.timeout(400)
def test_every_screen(visit, scene, pytestconfig):  # noqa: F811
    wrong = []
    for screen in screens(scene):
        page = visit(screen)
        # The admin's frame is Django's: its good practice is left to Django, WCAG is not.
        rules = WCAG if screen.path.startswith("/admin/") else RULES
        wrong += [f"{screen.name}: {line}" for line in violations(page, rules)]
        if too_wide(page):
            wrong.append(f"{screen.name}: wider than {screen.size[0]} pixels")
        if pytestconfig.getoption("--write-screens", default=False) and screen.kept:
            be_live(page)
            page.screenshot(path=PICTURES / f"{screen.name}.png")
        elif looked_at := pytestconfig.getoption("--look", default=None):
            page.screenshot(path=Path(looked_at) / f"{screen.name}.png", full_page=True)
    assert not wrong, "\n".join(wrong)
