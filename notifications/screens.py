"""What screens say of themselves, displays each half minute, kiosks with each page: who is there, what was shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.models import Activity
from queueing.models import Display

#: A screen that has said nothing for so long is silent. It beats several times in between.
SILENT_AFTER = timedelta(seconds=90)
#: So far back the last beat is looked for, by the desk and by the admin.
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
BEATS = ["display.beat", "kiosk.beat"]
BLOCKED = "blocked"
SOUND = {
    "ok": _("ok"),
    BLOCKED: _("blocked: touch the screen once"),
    "no-voice": _("chime only: the browser has no voice"),
    "silent": _("silent, as set up"),
    "none": _("none: the browser has no sound"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A display. `heard` is its last beat, or None if that is more than an hour ago."""

    name: str
    slug: str
    heard: datetime | None
    silent: bool
    sound_blocked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where a call was first shown, and when."""

    display: str
    at: datetime


def read(at: datetime) -> list[Screen]:
    """Every display, by name, in one statement."""
    beats = Activity.objects.filter(kind="display.beat", at__gt=at - AN_HOUR)
    latest = beats.alias(slug=KT("detail__display")).filter(slug=OuterRef("slug")).order_by("-at")
    displays = Display.objects.annotate(
        heard=Subquery(latest.values("at")[:1]), audio=Subquery(latest.values(said=KT("detail__audio"))[:1])
    )
    return [
        Screen(
            name=name,
            slug=slug,
            heard=heard,
            silent=heard is None or at - heard > SILENT_AFTER,
            sound_blocked=audio == BLOCKED,
        )
        for name, slug, heard, audio in displays.order_by("name").values_list("name", "slug", "heard", "audio")
    ]


def shown(calls: Collection[str], since: datetime) -> dict[str, Shown]:
    """Call id -> where it was shown first, of calls that were made since then; in one statement."""
    reports = Activity.objects.filter(kind="call.shown", at__gte=since)
    named = reports.annotate(call=KT("detail__call"), slug=KT("detail__display")).filter(call__in=list(calls))
    found = named.annotate(display=Subquery(Display.objects.filter(slug=OuterRef("slug")).values("name")[:1]))
    return {
        call: Shown(display=display or slug, at=at)
        for call, display, slug, at in found.order_by("-at").values_list("call", "display", "slug", "at")
    }


def latest_of(device: OuterRef) -> QuerySet[Activity]:
    """`{at, audio, build}` of the last beat of a paired device, as one value for a subquery."""
    beats = Activity.objects.filter(kind__in=BEATS, at__gt=timezone.now() - A_DAY)
    own = beats.annotate(device=Cast(KT("detail__device"), BigIntegerField())).filter(device=device)
    told = JSONObject(at="at", audio=KT("detail__audio"), build=KT("detail__build"))
    return own.order_by("-at").values_list(told)[:1]
