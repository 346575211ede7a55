"""What the wall's style sheet must never do, read from the sheet itself."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

CSS = settings.BASE_DIR / "static" / "css"
SHEET = (CSS / "display.css").read_text() + (CSS / "portrait.css").read_text()
REDUCED = (CSS / "components.css").read_text()
#: WCAG 2.2.2 asks for a way to stop what moves longer than five seconds.
LONGEST_SECONDS = 4
#: Of what is light and what is dark, so many may follow each other in a second (WCAG 2.3.1).
FLASHES = 3
SMALLEST_CONTRAST = 7
#: Foreground and background, as they meet on the wall.
PAIRS = {
    "the page": ("#f4f4f0", "#0b0f14"),
    "a call": ("#0b0f14", "#ffd23f"),
    "a call at the height of its pulse": ("#0b0f14", "#fff1bf"),
    "the last call": ("#f4f4f0", "#1a222b"),
    "words over the last call": ("#b8c0c8", "#1a222b"),
    "an earlier call": ("#d8dee4", "#151b22"),
    "headings, waits, closed": ("#b8c0c8", "#0b0f14"),
    "the strip": ("#0b0f14", "#ffb000"),
    "the word that sound is off": ("#0b0f14", "#f4f4f0"),
}


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def animations():
    """Seconds of one turn, and turns."""
    found = re.findall(r"animation: \w+ ([\d.]+)s [\w-]+ (\w+);", SHEET)
    assert len(found) == len(re.findall(r"animation(?:-\w+)?:", SHEET)) > 0
    return [(float(seconds), int(turns)) for seconds, turns in found]


class TestMovement:
    def test_ends_within_four_seconds(self):
        assert all(seconds * turns <= LONGEST_SECONDS for seconds, turns in animations())

    def test_never_flashes(self):
        assert all(1 / seconds <= FLASHES for seconds, _turns in animations())
        assert not re.search(r"infinite|steps\(|blink", SHEET)

    def test_is_none_where_people_want_none(self):
        assert re.search(r"prefers-reduced-motion: reduce\) \{\s*\* \{[^}]*animation: none !important", REDUCED)


class TestColours:
    @pytest.mark.parametrize("place", PAIRS)
    def test_stand_out(self, place):
        assert contrast(*PAIRS[place]) >= SMALLEST_CONTRAST

    def test_are_all_looked_at(self):
        lines_and_rings = {"#4d5b66", "#ffdd00"}
        assert set(re.findall(r"#[0-9a-f]{6}", SHEET)) - lines_and_rings <= {c for pair in PAIRS.values() for c in pair}
