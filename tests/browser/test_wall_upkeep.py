"""A wall that hangs for months: who may be one, how it sounds, whether it can be read, how it looks after itself."""

from __future__ import annotations

import json
import math
import re
import shutil
import wave
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic import legibility, speech, words
from queueing import history, tickets
from queueing.models import Device, DisplayService, Room, RoomService, Service
from tests.browser.pages import violations

#: Patience with a channel that drops, doubles and delays; and until a screen asks what it was not told.
LATE, UNTOLD = 40_000, 75_000
SIZES = [(1280, 720), (3840, 2160), (1080, 1920), (720, 1280)]
#: As long as a room may be called.
LONG = "Physiotherapy and rehabilitation east 12"

#: Everything that is there to be read lies on the screen, and nothing is cut off but what may be.
OUTSIDE = """() => [...document.querySelectorAll("#code, #room, #clock, .call, .lead, h2")]
  .filter((element) => element.checkVisibility())
  .filter((element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return left < 0 || top < 0 || right > innerWidth || bottom > innerHeight;
  })
  .map((element) => element.id || element.className)"""
#: Whether lines of the room's name are missing.
CUT_OFF = """() => {
  const room = document.getElementById("room");
  return room.scrollHeight > room.clientHeight + parseFloat(getComputedStyle(room).fontSize) / 2;
}"""
OVERLAPS = """() => {
  const boxes = ["#code", "#where", "#before", "#next-block", ".foot"].map((name) => document.querySelector(name))
    .filter((element) => element.checkVisibility()).map((element) => [element.id, element.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], at) => boxes.slice(at + 1)
    .filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(([other]) => `${one} ${other}`));
}"""
#: A voice elsewhere; one of this machine after `arrive()`; and what they would say.
VOICES = """
  window.spoken = [];
  const voices = [{ lang: "en-GB", localService: false }], changed = new EventTarget();
  window.arrive = () => {
    voices.push({ lang: "en-GB", localService: true });
    changed.dispatchEvent(new Event("voiceschanged"));
  };
  window.SpeechSynthesisUtterance = class extends EventTarget { constructor(text) { super(); this.text = text; } };
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => voices,
    addEventListener: (...given) => changed.addEventListener(...given),
    speak: (said) => { spoken.push(`${said.lang}: ${said.text}`); said.dispatchEvent(new Event("end")); },
  } });"""
SIZE = "(name) => parseFloat(getComputedStyle(document.querySelector(name)).fontSize)"
FAULT = "() => { window.old = true; dispatchEvent(new ErrorEvent('error', { message: 'x' })); }"
SHIFT = "(element) => getComputedStyle(element).translate"
#: Paths of the pieces of speech that were fetched, in their order.
FETCHED = """() => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname)
  .filter((path) => path.startsWith("/speech/"))"""


@pytest.fixture
def call(people, places):
    """Somebody is called, and the room is free again."""

    def make(room, at=None):
        act = {"actor": people.supervisor, "at": at or timezone.now()}
        ticket = tickets.issue(service_id=places.general.pk, **act)
        tickets.call(ticket_id=ticket.pk, room_id=room.pk, **act)
        return tickets.miss(ticket_id=ticket.pk, **act)

    return make


@pytest.fixture
def set_up(places):
    """Change the display as the admin does."""

    def change(**values):
        with history.operation(actor="setup"):
            for name, value in values.items():
                setattr(places.hall, name, value)
            places.hall.save()

    return change


def live(wall):
    expect(wall.locator("body")).to_have_attribute("data-live", "live", timeout=LATE)


class TestPairing:
    def test_lets_a_browser_be_the_hall_until_somebody_takes_it_back(self, open_page, people, places, set_up):
        set_up(open_to_all=False)
        screen = open_page("/display/hall/", expected=["403"])  # it asks by itself when it was not told
        letters = screen.locator(".letters").text_content()
        assert violations(screen) == []

        admin = open_page("/admin/queueing/device/pair/", user=people.supervisor)
        admin.goto("/admin/queueing/device/pair/")
        admin.get_by_label("Six letters on the screen").fill(letters.lower())
        admin.get_by_label("It is").select_option(label="Hall")
        admin.get_by_role("button", name="Pair").click()
        expect(admin.locator(".success")).to_contain_text("Hall is paired")
        screen.wait_for_url("**/display/hall/", timeout=LATE)
        live(screen)

        with history.operation(actor="sofia"):
            Device.objects.get().delete()
        expect(screen.locator("#strip")).to_have_text("This screen must be paired again", timeout=UNTOLD)
        screen.wait_for_url("**/display/?again=1", timeout=LATE)
        expect(screen.locator(".again")).to_be_visible()
        assert screen.locator(".letters").text_content() != letters


class TestSound:
    @pytest.fixture
    def pieces(self, collected, places):
        """Silence for each piece, as `renderspeech` would have spoken it. Address -> text."""
        said = words.in_language("en", places.hall)
        files = {f"{speech.name('en', text)}.wav": text for text in speech.pieces(said)}
        folder = collected / "speech"
        folder.mkdir()
        for name in files:
            with wave.open(str(folder / name), "wb") as file:
                file.setparams((1, 2, 8_000, 0, "NONE", ""))
                file.writeframes(bytes(800))
        yield {f"/speech/{name}": text for name, text in files.items()}
        shutil.rmtree(folder)

    def test_waits_for_a_touch_and_then_says_every_piece_of_a_call(self, pieces, wall, call, places):
        beats = []
        wall.on("websocket", lambda socket: socket.on("framesent", lambda frame: beats.append(json.loads(frame))))
        wall.reload()
        live(wall)
        unlock = wall.get_by_role("button", name="Tap to turn sound on")
        expect(unlock).to_be_visible()
        call(places.rooms[0])
        expect(wall.locator("#code")).to_have_text("A-001", timeout=LATE)
        assert violations(wall) == []

        wall.keyboard.press("Space")
        expect(unlock).to_be_hidden()
        call(places.rooms[0])
        expect(wall.locator("#code")).to_have_text("A-002", timeout=LATE)
        wall.wait_for_function(f"() => ({FETCHED})().length === 5", timeout=LATE)

        assert [pieces[address] for address in wall.evaluate(FETCHED)] == ["Ticket", "A", "0", "2", "Room 1"]
        assert [beat["audio"] for beat in beats if beat["type"] == "beat"][-1] == "ok"
        assert "blocked" in [beat.get("audio") for beat in beats]

    def test_is_spoken_by_a_voice_of_the_screen_alone(self, open_page, call, places):
        wall, beats = open_page("about:blank"), []
        wall.on("websocket", lambda socket: socket.on("framesent", lambda frame: beats.append(json.loads(frame))))
        wall.add_init_script(VOICES)
        wall.goto("/display/hall/")
        live(wall)
        wall.keyboard.press("Space")
        expect(wall.locator("#unlock")).to_be_hidden()
        assert [beat["audio"] for beat in beats if beat["type"] == "beat"][-1] == "no-voice"

        wall.evaluate("arrive()")
        call(places.rooms[0])
        wall.wait_for_function("() => spoken.length", timeout=LATE)

        assert wall.evaluate("spoken") == ["en-GB: Ticket A 0 0 1, Room 1"]
        assert [beat["audio"] for beat in beats if beat["type"] == "beat"][-1] == "ok"

    def test_that_fails_stops_no_picture(self, open_page, call, places):
        wall = open_page("about:blank")
        wall.add_init_script("AudioContext = class { constructor() { throw new Error('no sound here'); } }")
        wall.goto("/display/hall/")
        live(wall)

        call(places.rooms[0])

        expect(wall.locator("#code")).to_have_text("A-001", timeout=LATE)
        expect(wall.locator("#unlock")).to_be_hidden()


class TestThePicture:
    def test_can_be_read_on_every_screen_with_the_longest_names(self, open_page, people, places, call, set_up):
        crowd(people.supervisor, places, call)
        set_up(sound="silent")
        wall = open_page("/display/hall/")
        live(wall)
        expect(wall.locator("#room")).to_have_text(LONG, timeout=LATE)

        for width, height in SIZES:
            wall.set_viewport_size({"width": width, "height": height})
            extent = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            assert wall.evaluate(extent) == [width, height]
            assert (width, height, wall.evaluate(OUTSIDE)) == (width, height, [])
            assert (width, height, wall.evaluate(CUT_OFF)) == (width, height, False)
            assert (width, height, wall.evaluate(OVERLAPS)) == (width, height, [])
            assert (width, height, too_small(wall, places.hall, min(width, height))) == (width, height, [])
        assert violations(wall) == []

    def test_is_the_first_one_without_javascript_too(self, open_page, places, call, set_up):
        call(places.rooms[0])
        set_up(languages="ar en")

        wall = open_page("/display/hall/", java_script_enabled=False)

        expect(wall.locator("#code")).to_have_text("A-001")
        expect(wall.locator("html")).to_have_attribute("dir", "rtl")
        expect(wall.locator(".unlock")).to_be_hidden()


class TestTheWall:
    def test_looks_after_itself(self, open_page, set_up, places):
        now = timezone.localtime()
        opens = (now - timedelta(hours=2)).time().replace(second=0)
        set_up(languages="en ar", sound="silent", opens_at=opens, closes_at=(now + timedelta(hours=2)).time())
        wall = open_page("about:blank")
        wall.clock.install()
        wall.goto("/display/hall/")
        live(wall)
        lead = wall.locator(".welcome[data-label=welcome]")
        assert (lead.get_attribute("lang"), wall.locator(".closed").is_visible()) == (None, False)

        wall.clock.run_for(10_000)
        expect(lead).to_have_attribute("lang", "ar")
        expect(lead).to_have_attribute("dir", "rtl")
        expect(wall.locator("html")).to_have_attribute("dir", "ltr")
        wall.clock.run_for(10_000)
        expect(lead).to_have_attribute("lang", "en")

        wall.clock.fast_forward(4 * 60_000)
        shift = [float(px) for px in re.findall(r"-?[\d.]+", wall.locator("#now").evaluate(SHIFT))]
        assert 1 <= math.hypot(*shift) <= 8.1

        wall.clock.fast_forward(2 * 3_600_000)
        expect(wall.locator(".closed")).to_contain_text(f"We open at {opens:%H:%M}.")
        expect(wall.locator("#now")).to_be_hidden()
        assert violations(wall) == []
        wall.clock.fast_forward(20 * 3_600_000)
        expect(wall.locator(".closed")).to_be_hidden()

    def test_begins_anew_after_a_fault_but_not_for_ever(self, open_page, places):
        wall = open_page("about:blank")
        wall.clock.install()
        wall.goto("/display/hall/")
        for loads in range(7):
            wall.wait_for_function("() => document.body.dataset.live")  # the script runs
            wall.evaluate(FAULT)
            wall.clock.run_for(11_000)
            if loads < 5:
                wall.wait_for_function("() => !window.old")
        assert wall.evaluate("window.old") is True


def crowd(boss, places, call):
    """More of everything than the wall has room for, and a room with the longest name."""
    with history.operation(actor="setup"):
        long = Room.objects.create(name=LONG)
        RoomService.objects.create(room=long, service=places.general)
        for prefix in "CDEF":
            service = Service.objects.create(name=f"A service with a long name, {prefix}", prefix=prefix)
            DisplayService.objects.create(display=places.hall, service=service)
            RoomService.objects.create(room=places.rooms[1], service=service)
            for _ in range(4):
                tickets.issue(service_id=service.pk, actor=boss, at=timezone.now())
    for _ in range(8):
        call(places.rooms[0], at=timezone.now() - timedelta(minutes=5))
    call(long)


def too_small(wall, hall, shorter):
    """Parts whose capitals, in hundredths of the shorter side, are smaller than the distance asks for."""
    parts = {"#code": legibility.TICKET, "#room": legibility.ROOM, ".call .code": legibility.EARLIER}
    sizes = {name: wall.evaluate(SIZE, name) * 100 / shorter for name in parts}
    small = {name for name, part in parts.items() if sizes[name] < 0.999 * legibility.needed(part, hall)}
    return sorted(
        small - {"#room"} if wall.evaluate("innerWidth < innerHeight") else small
    )  # LONG is told in the admin
