"""The wall. This is its first picture; from then on static/js/display.js draws."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, zip_longest
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import devices, legibility, speech, words
from notifications import screens
from queueing import board
from queueing.board import Board, Call
from queueing.models import Display

#: So many codes stand under "soon".
NEXT = 12


@never_cache
@require_safe
def display(request: HttpRequest, slug: str) -> HttpResponse:
    """`?test=1` shows how large its letters are, its languages and its sound instead."""
    shown = get_object_or_404(Display, slug=slug)
    if not devices.may_open(request, shown):
        return redirect(devices.lets_pair(request, shown))
    with translation.override(shown.languages.split()[0]):
        if "test" in request.GET:
            return render(request, "display/test.html", {"display": shown, **test_pattern(shown)})
        return render(request, "display/display.html", {"display": shown, **picture(shown, timezone.now())})


@never_cache
@require_safe
def sizes(request: HttpRequest, slug: str) -> HttpResponse:
    """How large this display's letters are, as a stylesheet of its own: pages hold no styles."""
    shown = get_object_or_404(Display, slug=slug)
    if not devices.may_open(request, shown):
        raise PermissionDenied
    return HttpResponse(legibility.sheet(shown), content_type="text/css; charset=utf-8")


def picture(shown: Display, now: datetime) -> dict[str, Any]:
    service_ids = shown.shows.order_by("service__prefix").values_list("service_id", flat=True)
    boards = [board.board(service_id, now) for service_id in service_ids]
    calls, rows = latest(boards), legibility.rows(shown)
    return {
        "boards": boards,
        "current": calls[0] if calls else None,
        "before": calls[1 : rows + 1],
        "codes": soon(boards),
        "closed": not shown.is_open_at(now),
        "now": now,
        "rows": rows,
        **said(shown),
    }


def said(shown: Display) -> dict[str, Any]:
    found = words.words(shown)
    return {"words": found, "labels": found[0]["labels"], "clips": speech.clips(found)}


def test_pattern(shown: Display) -> dict[str, Any]:
    told, problems = legibility.told(shown), legibility.problems(shown)
    return {"told": told, "problems": problems, "sound": screens.SOUND, **said(shown)}


def latest(boards: list[Board]) -> list[Call]:
    """The calls of all boards, the latest first."""
    calls = chain.from_iterable(shown["calls"] for shown in boards)
    return sorted(calls, key=lambda call: datetime.fromisoformat(call["at"]), reverse=True)


def soon(boards: list[Board]) -> list[str]:
    """The first of each line, then the second of each: lines have no order among each other."""
    rounds = zip_longest(*(shown["waiting"] for shown in boards))
    return [code for code in chain.from_iterable(rounds) if code][:NEXT]
