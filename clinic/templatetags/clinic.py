"""How times, waits, priorities and history are written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import segno
from django import template
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from clinic.forms import NEEDS
from notifications import sentences
from queueing.models import Event, Priority, Room, Ticket
from queueing.waiting import Range

register = template.Library()

#: The shape of each priority: width of its picture and its path. Told apart without colour.
SHAPES = {
    Priority.HIGH: (22, "M5 0l5 10H0zM17 0l5 10H12z"),
    Priority.MEDIUM: (10, "M5 0l5 10H0z"),
    Priority.LOW: (10, "M5 1a4 4 0 1 1 0 8a4 4 0 1 1 0-8z"),
}

SHAPE = '<svg class="shape" viewBox="0 0 {width} 10" aria-hidden="true"><path d="{path}" /></svg>{label}'


@register.filter
def minutes(value: int) -> str:
    """52 min; 1 h 05 min."""
    if value < 60:
        return _("%(minutes)s min") % {"minutes": value}
    return _("%(hours)s h %(minutes)02d min") % {"hours": value // 60, "minutes": value % 60}


@register.filter
def told(value: Range | dict[str, int] | None) -> str:
    """A range as people are told it: 10–20 min."""
    if value is None:
        return "–"
    low, high = (value["low"], value["high"]) if isinstance(value, dict) else (value.low, value.high)
    return _("%(low)s–%(high)s min") % {"low": low, "high": high}


@register.filter
def since(value: datetime) -> str:
    return _("since %(time)s") % {"time": timezone.localtime(value).strftime("%H:%M")}


@register.filter
def needs(ticket: Ticket) -> str:
    """What the patient needs, in words; empty for most."""
    return ", ".join(str(words) for name, words in NEEDS if getattr(ticket, name))


@register.simple_tag(takes_context=True)
def patients_page(context: Context, ticket: Ticket) -> str:
    """The address that a patient's phone opens."""
    address: str = context["request"].build_absolute_uri(reverse("ticket-page", args=[ticket.token]))
    return address


@register.simple_tag
def qr(text: str) -> SafeString:
    """The text as a picture that a phone's camera reads; dark on light, whatever the page's colours are."""
    code = segno.make(text, micro=False)
    return mark_safe(code.svg_inline(border=3, light="#fff", omitsize=True, svgclass="qr", lineclass=None))  # noqa: S308


@register.simple_tag
def call_to(code: str, room: Room) -> str:
    """What the button does, in full, for those who cannot see beside what it stands."""
    return _("Call %(code)s to %(room)s") % {"code": code, "room": room}


@register.simple_tag
def told_of(events: Iterable[Event]) -> list[tuple[Event, str]]:
    """Events with their sentences."""
    events = list(events)
    names = sentences.names_for(events)
    return [(event, sentences.sentence(event, names)) for event in events]


@register.filter
def column_of(column: str, event: Event) -> str:
    """What people call a column that an event changed."""
    return sentences.column_name(event.model, column)


@register.simple_tag
def priority(value: str) -> SafeString:
    """Shape and word of a priority; the colour comes from the element around them."""
    width, path = SHAPES[Priority(value)]
    return format_html(SHAPE, width=width, path=path, label=Priority(value).label)
