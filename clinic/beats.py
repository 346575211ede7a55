"""How paired screens are: displays tell every half minute, kiosks with each page and at least every minute."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import BigIntegerField, OuterRef, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.models import Activity

#: A screen that was heard of within so many seconds is there.
ALIVE_SECONDS = 75
BEATS = ["display.beat", "kiosk.beat"]
REMEMBERED = timedelta(days=1)
SOUND = {
    "ok": _("ok"),
    "blocked": _("blocked: touch the screen once"),
    "no-voice": _("chime only: the browser has no voice"),
    "silent": _("silent, as set up"),
    "none": _("none: the browser has no sound"),
}


def latest_of(device: OuterRef) -> QuerySet[Activity]:
    """`{at, audio, build}` of the last beat of a device, as one value for a subquery."""
    beats = Activity.objects.filter(kind__in=BEATS, at__gt=timezone.now() - REMEMBERED)
    own = beats.annotate(device=Cast(KT("detail__device"), BigIntegerField())).filter(device=device)
    told = JSONObject(at="at", audio=KT("detail__audio"), build=KT("detail__build"))
    return own.order_by("-at").values_list(told)[:1]
