"""How large letters on a display must be to be read from the last seat, and whether there is room for them.

Lengths on the screen are in units, hundredths of its shorter side, as `--u` in static/css/display.css. The height of
capitals is that of the distance over a number (FAA: 200; more for those who see badly), and for the called ticket that
of signs overhead too (ADA 2010, 703.5.5: 2 inches up to 15 feet, then 1/8 inch a foot).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from queueing.models import Display, Room, Service

#: Height of capitals in Atkinson Hyperlegible Next, in ems.
CAP_HEIGHT = 0.668
MM_PER_INCH, M_PER_FOOT = 25.4, 0.3048
#: A code is its prefix, a hyphen and three figures.
CODE_LETTERS = 4

Layout = Display.Layout
LAYOUTS = (Layout.LANDSCAPE, Layout.PORTRAIT)
#: Units of width inside the card of the call, and inside a line of an earlier call.
CARD = {Layout.LANDSCAPE: 99, Layout.PORTRAIT: 85}
ROW = {Layout.LANDSCAPE: 55, Layout.PORTRAIT: 88}
#: Units of height for all earlier calls together, and of one line without its letters.
LIST, BETWEEN = 58, 3.6
#: Sizes in units where nothing asks for more.
LONG_ROOM, EARLIER_ROOM = 7, 4.4
#: Letters; see static/js/picture.js.
LONGEST_NAME = 28


@dataclass(frozen=True, slots=True)
class Part:
    """Something to be read on a display."""

    key: str
    name: Promise
    #: The distance may be so many times the height of capitals.
    times: int
    #: Size in units where nothing asks for more.
    drawn: float


TICKET = Part("ticket", gettext_lazy("The called ticket"), 100, 31)
ROOM = Part("room", gettext_lazy("The room"), 150, 11)
EARLIER = Part("earlier", gettext_lazy("Earlier calls"), 200, 6.4)
PARTS = (TICKET, ROOM, EARLIER)


@dataclass(frozen=True, slots=True)
class Told:
    """A part as it is on a display: its size in units, its capitals in mm, from how many metres they can be read."""

    part: Part
    size: float
    capitals: float
    metres: float

    @property
    def far(self) -> str:
        return rounded_down(self.metres)


def unit(inches: float) -> float:
    """Millimetres of a 16:9 screen with this diagonal."""
    return inches * MM_PER_INCH * 9 / math.hypot(16, 9) / 100


def capitals(part: Part, metres: float) -> float:
    """Millimetres that they must have."""
    needed = metres * 1000 / part.times
    return max(needed, _overhead(metres)) if part is TICKET else needed


def needed(part: Part, display: Display) -> float:
    """Units of font size."""
    return capitals(part, display.viewing_distance_m) / CAP_HEIGHT / unit(display.screen_inches)


def fits(part: Part, layout: str, letters: int) -> float:
    """Units of font size that there is room for, with codes of so many letters."""
    if part is TICKET:
        return CARD[Layout(layout)] * 1.5 / (letters if letters <= 5 else letters + 0.5)
    if part is ROOM:
        return {Layout.LANDSCAPE: 17, Layout.PORTRAIT: 14}[Layout(layout)]
    return ROW[Layout(layout)] / (0.62 * letters + 3.3)


def size(part: Part, display: Display, layout: str) -> float:
    return min(max(part.drawn, needed(part, display)), fits(part, layout, letters_of(display)))


def rows(display: Display) -> int:
    """So many earlier calls are shown: those that were asked for, or those that fit."""
    tallest = max(size(EARLIER, display, layout) for layout in layouts(display))
    return min(display.earlier_calls, int(LIST / (1.1 * tallest + BETWEEN)))


def metres(part: Part, capitals: float) -> float:
    """From how far capitals of so many mm can be read."""
    far = capitals * part.times / 1000
    return min(far, _under(capitals)) if part is TICKET else far


def rounded_down(metres: float) -> str:
    """Nobody is told that letters can be read from farther than they can."""
    return f"{math.floor(metres * 10) / 10:.1f}"


def told(display: Display) -> list[Told]:
    """Each part as small as it is in any layout that this display may have."""
    found = []
    for part in PARTS:
        units = min(size(part, display, layout) for layout in layouts(display))
        height = units * CAP_HEIGHT * unit(display.screen_inches)
        found.append(Told(part, units, height, metres(part, height)))
    return found


def problems(display: Display) -> list[str]:
    """What cannot be read from the last seat or does not fit, and what would."""
    return [*_too_small(display), *_too_long(display), *_too_many(display)]


def sheet(display: Display) -> str:
    """The sizes of a display as custom properties."""
    rules = {layout: _properties(display, layout) for layout in layouts(display)}
    if len(rules) == 1:
        return f".wall {{ {next(iter(rules.values()))} }}\n"
    return "".join(f"@media (orientation: {layout}) {{ .wall {{ {rule} }} }}\n" for layout, rule in rules.items())


def layouts(display: Display) -> tuple[str, ...]:
    return LAYOUTS if display.layout == Layout.AUTO else (display.layout,)


def letters_of(display: Display) -> int:
    """Of the longest code that the display may show."""
    prefixes: Iterable[str] = Service.objects.filter(displays__display=display).values_list("prefix", flat=True)
    return CODE_LETTERS + max(map(len, prefixes), default=1) if display.pk else CODE_LETTERS + 1


def _properties(display: Display, layout: str) -> str:
    sizes = {part.key: size(part, display, layout) for part in PARTS}
    # Long names of rooms take several lines, and those of earlier calls are smaller where that can be read.
    sizes["long-room"] = min(max(LONG_ROOM, needed(ROOM, display)), sizes["room"])
    sizes["earlier-room"] = min(max(EARLIER_ROOM, needed(EARLIER, display)), sizes["earlier"])
    return " ".join(f"--{key}: {units:.2f};" for key, units in sizes.items())


def _too_small(display: Display) -> Iterable[str]:
    for shown in told(display):
        wanted = needed(shown.part, display)
        if wanted > shown.size * 1.005:
            sentence = _("%(part)s cannot be read from %(metres)g m: from %(far)s m at most, or on %(inches)d inches.")
            yield sentence % {
                "part": shown.part.name,
                "metres": display.viewing_distance_m,
                "far": shown.far,
                "inches": math.ceil(display.screen_inches * wanted / shown.size),
            }


def _too_long(display: Display) -> Iterable[str]:
    """Names of rooms that are written smaller on a standing screen, so that nothing of them is cut off."""
    far = LONG_ROOM * CAP_HEIGHT * unit(display.screen_inches) * ROOM.times / 1000
    if Layout.PORTRAIT not in layouts(display) or far >= display.viewing_distance_m:
        return
    rooms = Room.objects.filter(serves__service__displays__display=display).distinct().order_by("name")
    for name in rooms.values_list("name", flat=True):
        if len(name) > LONGEST_NAME:
            sentence = _("On a standing screen %(room)s is a long name, to be read from %(far)s m at most.")
            yield sentence % {"room": name, "far": rounded_down(far)}


def _too_many(display: Display) -> Iterable[str]:
    fitting = rows(display)
    if fitting < display.earlier_calls:
        yield _("%(asked)d earlier calls do not fit in letters that can be read from %(metres)g m: %(fit)d do.") % {
            "asked": display.earlier_calls,
            "metres": display.viewing_distance_m,
            "fit": fitting,
        }


def _overhead(metres: float) -> float:
    """Millimetres of capitals on a sign over people's heads."""
    return MM_PER_INCH * (2 + max(0.0, metres / M_PER_FOOT - 15) / 8)


def _under(capitals: float) -> float:
    """Metres from which a sign overhead with such capitals may be read; none if they are smaller than all must be."""
    inches = capitals / MM_PER_INCH
    return (15 + (inches - 2) * 8) * M_PER_FOOT if inches >= 2 else 0.0
