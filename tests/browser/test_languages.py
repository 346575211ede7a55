"""Every page in another language: nothing left in English, nothing cut off, nothing the wrong way round."""

from __future__ import annotations

import re
import socket
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from queueing import tickets
from queueing.models import Display, DisplayService, Kiosk, Patient, Ticket
from tests.browser import pseudo_settings
from tests.browser.pages import violations

#: Who opens it, its address with what `day` made, and what is pressed then. A new page of the product goes here.
PAGES = {
    "sign-in": ("nobody", "/sign-in/"),
    "desk": ("supervisor", "/desk/"),
    "line": ("supervisor", "/desk/?service={service}"),
    "nothing found": ("supervisor", "/desk/?q=nobody"),
    "ticket that waits": ("supervisor", "/desk/tickets/{waiting}/"),
    "ticket in a room": ("supervisor", "/desk/tickets/{serving}/"),
    "room with a patient": ("supervisor", "/room/{room}/"),
    "room without": ("supervisor", "/room/{free}/"),
    "display": ("nobody", "/display/{language}/"),
    "pairing": ("nobody", "/kiosk/"),
    "kiosk languages": ("nobody", "/kiosk/{language}-first/"),
    "kiosk service": ("nobody", "/kiosk/{language}/"),
    "kiosk number": ("nobody", "/kiosk/{language}/", "text=Nurse"),
    "kiosk no answer": ("nobody", "/kiosk/{language}/", "text=Nurse", "button[value=yes]"),
    "kiosk consent": ("nobody", "/kiosk/{language}/", "text=Nurse", "button[value=no]"),
    "kiosk name": ("nobody", "/kiosk/{language}/", "text=Nurse", "button[value=no]", "button[value=yes]"),
    "kiosk ticket": ("nobody", "/kiosk/{language}/", "text=Nurse", "button[value=no]", "button[value=no]"),
    "my ticket waiting": ("nobody", "/t/{token}/"),
    "my ticket called": ("nobody", "/t/{called}/"),
    "my ticket leaving": ("nobody", "/t/{token}/leave/"),
    "not found": ("nobody", "/nowhere/"),
    "admin": ("supervisor", "/admin/"),
    "to complete": ("supervisor", "/admin/queueing/ticket/to-complete/"),
    "complete": ("supervisor", "/admin/queueing/ticket/{serving}/complete/"),
    "delivery": ("supervisor", "/admin/notifications/cursor/"),
}
WIDTHS = (390, 1280, 1440)
#: Screens of their own sizes; no phone shows them.
WALLS = {"display", *(name for name in PAGES if name.startswith("kiosk"))}
#: Data: what people typed, codes, numbers, and what is the same in every language.
DATA = [
    "Hillside Clinic",
    "General practice",
    "Nurse",
    "Room 1",
    "Room 2",
    "Ana Pereira",
    "supervisor",
    "F2",
    "en-xa",
    "Hall",
    "door",
]
#: Names of programs and files, and what the system calls its parts.
DATA += [name for _, name in settings.LANGUAGES]
DATA += ["audit", "replica", "push", "Redis", "docs/operations.md", "/display/", "/kiosk/", socket.gethostname()]
CODE = re.compile(r"\b[A-Z]-\d{3}\b|P-77|#[\d,]+ [0-9a-f]{12}…|\b[A-HJ-NP-Z]{6}\b")
#: What is seen or read aloud, each line by itself.
SPOKEN = """() => {
  const shown = (what) => [...document.querySelectorAll(what)].filter((it) => it.checkVisibility());
  const said = shown("[title], [aria-label], [placeholder], [alt]")
    .flatMap((it) => [it.title, it.ariaLabel, it.placeholder, it.alt])
    .concat(shown("input[type=submit]").map((it) => it.value));
  return [document.title, ...document.body.innerText.split("\\n"), ...said].filter(Boolean);
}"""
#: Elements whose words need more room than they have.
CUT_OFF = """() => [...document.body.querySelectorAll("*")]
  .filter((it) => it.checkVisibility() && it.clientWidth > 1 && it.scrollWidth > it.clientWidth + 1)
  .filter((it) => getComputedStyle(it).display !== "inline" && getComputedStyle(it).overflowX === "visible")
  .filter((it) => !it.closest(".hidden-text") && getComputedStyle(it.closest("thead") ?? it).clipPath === "none")
  .filter((it) => !it.matches(".colMS"))  // where Django's admin puts its recent actions beside
  .map((it) => `${it.tagName} ${it.className} ${it.innerText.slice(0, 60)}: ${it.scrollWidth} > ${it.clientWidth}`)"""
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def settings_module():
    return "tests.browser.pseudo_settings"


@pytest.fixture
def day(people, places):
    """Somebody in every state that a page can show; the numbers of those that PAGES name."""
    at = timezone.now() - timedelta(minutes=50)
    actor = people.supervisor

    def issue(service, **more):
        return tickets.issue(service_id=service.pk, actor=actor, at=at, **more).pk

    for language, other in ((pseudo_settings.CODE, "ar"), ("ar", pseudo_settings.CODE)):
        Kiosk.objects.create(name=f"{language} door", slug=language, languages=language, open_to_all=True)
        first = {"slug": f"{language}-first", "languages": f"{language} {other}"}
        Kiosk.objects.create(name=f"{language} hall", open_to_all=True, **first)
        display = Display.objects.create(name=f"{language} Hall", slug=language, languages=language, open_to_all=True)
        DisplayService.objects.create(display=display, service=places.general)
    ana = Patient(reference="P-77", name="Ana Pereira", show_name=True)
    serving, missed, called, held, waiting = (issue(places.general) for _ in range(5))
    issue(places.nurse, patient=ana, priority="high")
    issue(places.general, priority="medium")
    first, second = (room.pk for room in places.rooms)
    tickets.call(ticket_id=serving, room_id=first, actor=actor, at=at)
    tickets.start(ticket_id=serving, actor=actor, at=at)
    tickets.call(ticket_id=missed, room_id=second, actor=actor, at=at)
    tickets.miss(ticket_id=missed, actor=actor, at=at)
    tickets.hold(ticket_id=held, reason="", actor=actor, at=at)
    tickets.call(ticket_id=called, room_id=second, actor=actor, at=timezone.now())
    token, there = (Ticket.objects.get(pk=pk).token for pk in (waiting, called))
    return {
        "serving": serving,
        "token": token,
        "called": there,
        "waiting": waiting,
        "room": first,
        "free": second,
        "service": places.general.pk,
    }


@pytest.fixture
def read(open_page, people, day, servers):
    """Opens pages in one language, by their names in PAGES; signs in once."""
    opened = {}

    def make(name, language):
        who, address, *presses = PAGES[name]
        if who not in opened:
            user = None if who == "nobody" else getattr(people, who)
            opened[who] = open_page("/livez", user=user, expected=["404", "422"])
        page = opened[who]
        page.context.add_cookies([{"name": "django_language", "value": language, "url": servers.address}])
        page.goto(address.format(language=language, **day))
        for button in presses:
            with page.expect_navigation():
                page.locator(button).click()
        return page

    return make


def widths(page, name):
    """Each of them, with the page as it is in a window of that width."""
    for width in WIDTHS[name in WALLS :]:
        page.set_viewport_size({"width": width, "height": 900})
        yield width


def too_wide(page, name):
    return [f"{name} at {width}: wider than the screen" for width in widths(page, name) if page.evaluate(TOO_WIDE)]


def outside(text):
    """What of a text is not in ⟦ ⟧; they stand in each other where one text is part of another."""
    depth, left = 0, ""
    for letter in text:
        depth += (letter == "⟦") - (letter == "⟧")
        left += letter if depth == 0 and letter not in "⟦⟧" else " "
    return left


def untranslated(texts):
    found = set()
    for text in texts:
        left = CODE.sub(" ", outside(text))
        for name in sorted(DATA, key=len, reverse=True):
            left = re.sub(re.escape(name), " ", left, flags=re.IGNORECASE)
        found |= {text for word in re.findall(r"[^\W\d_]{2,}", left) if word}
    return found


def test_every_page_is_translated_and_has_room_for_longer_words(read):
    problems = []
    for name in PAGES:
        page = read(name, pseudo_settings.CODE)
        problems += [f"{name} at {width}: {what}" for width in widths(page, name) for what in page.evaluate(CUT_OFF)]
        problems += too_wide(page, name)
        problems += [f"{name}: {text!r} is not translated" for text in untranslated(page.evaluate(SPOKEN))]
    assert not problems, "\n".join(problems)


def test_arabic_runs_from_right_to_left_without_going_off_the_page(read):
    problems = []
    for name in PAGES:
        page = read(name, "ar")
        expect(page.locator("html")).to_have_attribute("lang", "ar")
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        problems += too_wide(page, name)
        problems += [f"{name}: {digits}" for digits in re.findall("[٠-٩]+", page.content())]
        if not name.startswith(("admin", "delivery", "complete", "to complete")):
            problems += violations(page)
    assert not problems, "\n".join(problems)


def test_a_language_is_chosen_without_javascript_and_kept(open_page, people):
    page = open_page("/sign-in/?next=/desk/", java_script_enabled=False, locale="fr-CA")
    expect(page.get_by_role("heading", level=1)).to_have_text("Se connecter")

    page.get_by_role("button", name="Español").click()

    expect(page).to_have_url(re.compile(r"/sign-in/\?next=/desk/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")
