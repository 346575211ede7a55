"""Every screen in another language: nothing left in English, nothing cut off, nothing the wrong way round."""

from __future__ import annotations

import re
import socket

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import expect

from queueing import history
from queueing.models import Event, Patient, Room, Service
from tests.browser import pseudo_settings
from tests.browser.conftest import PASSWORD, sign_in
from tests.browser.scene import scene, screens  # noqa: F401  # the fixture
from tests.browser.test_screens import places, send, too_wide  # noqa: F401  # the fixture

#: What the console says of answers that are meant to refuse.
EXPECTED = ["403", "404", "409", "422"]
PHONE, DESKS = 390, (1280, 1440)
#: What is not said in any language: codes, references, hashes, six letters to pair by.
CODES = re.compile(r"\b[A-Z]-\d{3}\b|\bP-\d+|\bF\d\b|#[\d,]+ [0-9a-f]{12}…|\b[A-HJ-NP-Z]{6}\b|0 of \d+ selected")
#: Names of programs, parts and files; and of keys.
NAMES = ["ID", "audit", "replica", "push", "Redis", "docs/operations.md", "/display/", "/kiosk/", "Ctrl", "Alt", "Esc"]
#: What scripts and templates of Django's admin say that are not for us to translate.
NAMES += ["Now", "Choose a Time", "Search"]
#: What is seen or read aloud, each line by itself.
SPOKEN = """() => {
  const shown = (what) => [...document.querySelectorAll(what)].filter((it) => it.checkVisibility());
  const said = shown("[title], [aria-label], [placeholder], [alt]")
    .flatMap((it) => [it.title, it.ariaLabel, it.placeholder, it.alt])
    .concat(shown("input[type=submit]").map((it) => it.value));
  return [document.title, ...document.body.innerText.split("\\n"), ...said].filter(Boolean);
}"""
#: Elements that need more room than they have.
CUT_OFF = """() => [...document.body.querySelectorAll("*")]
  .filter((it) => it.checkVisibility() && it.clientWidth > 1 && it.scrollWidth > it.clientWidth + 1)
  .filter((it) => getComputedStyle(it).display !== "inline" && getComputedStyle(it).overflowX === "visible")
  .filter((it) => !it.closest(".hidden-text") && getComputedStyle(it.closest("thead") ?? it).clipPath === "none")
  .filter((it) => !it.matches(".colMS") && !it.closest("#changelist"))  // which Django's admin lays out so
  .map((it) => `${it.tagName} ${it.className} ${it.innerText.slice(0, 60)}: ${it.scrollWidth} > ${it.clientWidth}`)"""


@pytest.fixture
def settings_module():
    return "tests.browser.pseudo_settings"


@pytest.fixture
def read(open_page, people, scene):  # noqa: F811
    """Each screen in one language, one after the other: its description and the page."""
    nobody = User.objects.create_user("nobody", password=PASSWORD)

    def make(language):
        with history.operation(actor="setup"):
            for shown in (scene.hall, scene.kiosk, *scene.others):
                shown.languages = language
                shown.save()
        browsers = {who: open_page("about:blank", expected=EXPECTED, locale=language) for who in people_of(scene)}
        for who in browsers.keys() - {""}:
            sign_in(browsers[who], getattr(people, who, nobody), lands=who != "nobody")
        for screen in different(scene):
            browsers[screen.who].goto(screen.path)
            if screen.sent:
                send(browsers[screen.who], screen.sent)
            yield screen, browsers[screen.who]

    return make


def different(scene):  # noqa: F811
    """Of one page in several colours and sizes the first will do."""
    return {(screen.who, screen.path, *screen.sent.items()): screen for screen in reversed(screens(scene))}.values()


def people_of(scene):  # noqa: F811
    return {screen.who for screen in different(scene)}


def sizes(page, screen):
    """The widths that a screen may have, with the page in a window of each."""
    wall = screen.path.startswith(("/display/", "/kiosk/"))
    phone = [] if screen.path.startswith("/admin/") else [PHONE]
    for width in [screen.size[0]] if wall else [*phone, *DESKS]:
        page.set_viewport_size({"width": width, "height": screen.size[1]})
        yield width


def outside(text):
    """What of a text is not in ⟦ ⟧; they stand in each other where one text is part of another."""
    depth, left = 0, ""
    for letter in text:
        depth += (letter == "⟦") - (letter == "⟧")
        left += letter if depth == 0 and letter not in "⟦⟧" else " "
    return left


def data():
    """What people typed, the longest first."""
    typed = [
        *Service.objects.values_list("name", flat=True),
        *Room.objects.values_list("name", flat=True),
        *Room.objects.values_list("closed_because", flat=True),
        *Patient.objects.values_list("name", flat=True),
        *User.objects.values_list("username", flat=True),
        *Event.objects.values_list("reason", flat=True),
        *(name for _, name in settings.LANGUAGES),
    ]
    names = {
        settings.CLINIC_NAME,
        socket.gethostname(),
        "Hall",
        "hall",
        "Entrance",
        "Hall 2",
        "Hall 3",
        "Entrance 2",
        "en-xa",
        *NAMES,
        *typed,
    }
    return sorted(names - {""}, key=len, reverse=True)


def untranslated(texts, names):
    for text in texts:
        left = CODES.sub(" ", outside(text))
        for name in names:
            left = re.sub(re.escape(name), " ", left, flags=re.IGNORECASE)
        if re.search(r"[^\W\d_]{2}", left):
            yield text


def test_every_screen_is_translated_and_has_room_for_longer_words(read):
    wrong = []
    for screen, page in read(pseudo_settings.CODE):
        wrong += [f"{screen.name}: {text!r} is in English" for text in untranslated(page.evaluate(SPOKEN), data())]
        for width in sizes(page, screen):
            wrong += [f"{screen.name} at {width}: {what}" for what in page.evaluate(CUT_OFF)]
            wrong += [f"{screen.name} at {width}: wider than the screen"] if too_wide(page) else []
    assert not wrong, "\n".join(wrong)


def test_arabic_runs_from_right_to_left_with_the_digits_of_the_wall(read):
    wrong = []
    for screen, page in read("ar"):
        expect(page.locator("html")).to_have_attribute("lang", "ar")
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        wrong += [f"{screen.name}: {digits}" for digits in re.findall("[٠-٩]+", page.content())]
        for width in sizes(page, screen):
            wrong += [f"{screen.name} at {width}: wider than the screen"] if too_wide(page) else []
    assert not wrong, "\n".join(wrong)


def test_a_language_is_chosen_without_javascript_and_kept(open_page, people):
    page = open_page("/sign-in/?next=/desk/", java_script_enabled=False, locale="fr-CA")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")

    page.get_by_role("button", name="Español").click()

    expect(page).to_have_url(re.compile(r"/sign-in/\?next=/desk/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")
