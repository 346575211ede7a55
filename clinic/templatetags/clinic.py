"""How times, waits and priorities are written."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from queueing.models import Priority
from queueing.waiting import Range

register = template.Library()

#: The shape of each priority: width of its picture and its path. Told apart without colour.
SHAPES = {
    Priority.HIGH: (22, "M5 0l5 10H0zM17 0l5 10H12z"),
    Priority.MEDIUM: (10, "M5 0l5 10H0z"),
    Priority.LOW: (10, "M5 1a4 4 0 1 1 0 8a4 4 0 1 1 0-8z"),
}


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


@register.inclusion_tag("_priority.html")
def priority(value: str) -> dict[str, object]:
    """Shape and word of a priority; the colour comes from the element around them."""
    width, path = SHAPES[Priority(value)]
    return {"width": width, "path": path, "label": Priority(value).label}
