"""What a display says, in each of its languages: labels, and sentences that a script only fills in."""

from __future__ import annotations

from typing import TypedDict

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from queueing.models import Display


class Words(TypedDict):
    """In `{braces}` stands what the display fills in."""

    lang: str
    dir: str
    labels: dict[str, str]
    wait: str
    since: str
    say: str


def words(display: Display) -> list[Words]:
    """In the order in which the display shows them; the first is what it shows without JavaScript."""
    return [in_language(code, display) for code in display.languages.split()]


def in_language(code: str, display: Display) -> Words:
    with translation.override(code):
        return Words(
            lang=code,
            dir="rtl" if translation.get_language_bidi() else "ltr",
            labels=labels(display),
            wait=_("%(low)s–%(high)s min") % {"low": "{low}", "high": "{high}"},
            since=_("Not live since {time}"),
            say=_("Ticket {code}, {room}"),
        )


def labels(display: Display) -> dict[str, str]:
    """By the `data-label` of the element that holds it."""
    return {
        "welcome": _("Please take a seat"),
        "hint": _("Your number will be shown here when it is your turn."),
        "come": _("Please come in"),
        "last": _("Last called"),
        "before": _("Called before"),
        "soon": pgettext("codes that are called next", "Soon"),
        "closed": _("We are closed."),
        "opens": _("We open at %(time)s.") % {"time": display.opens_at.strftime("%H:%M")} if display.opens_at else "",
        "outdated": _("This screen is not up to date. Please listen for your number, or ask at the desk."),
        "unpaired": _("This screen must be paired again"),
        "unlock": _("Tap to turn sound on"),
    }
