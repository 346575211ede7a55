"""The wall. This is its first picture; from then on static/js/display.js draws."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, zip_longest

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import devices, legibility
from queueing import board
from queueing.board import Board, Call
from queueing.models import Display

#: So many calls stand beside the latest one, and so many codes under "next".
LISTED, NEXT = 5, 12


@never_cache
@require_safe
def display(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Display, slug=slug)
    if not devices.may_open(request, shown):
        return redirect(devices.lets_pair(request, shown))
    now = timezone.now()
    service_ids = shown.shows.order_by("service__prefix").values_list("service_id", flat=True)
    boards = [board.board(service_id, now) for service_id in service_ids]
    calls = latest(boards)
    context = {
        "display": shown,
        "boards": boards,
        "current": calls[0] if calls else None,
        "before": calls[1 : LISTED + 1],
        "codes": soon(boards),
        "now": now,
    }
    return render(request, "display/display.html", context)


def latest(boards: list[Board]) -> list[Call]:
    """The calls of all boards, the latest first."""
    calls = chain.from_iterable(shown["calls"] for shown in boards)
    return sorted(calls, key=lambda call: datetime.fromisoformat(call["at"]), reverse=True)


def soon(boards: list[Board]) -> list[str]:
    """The first of each line, then the second of each: lines have no order among each other."""
    rounds = zip_longest(*(shown["waiting"] for shown in boards))
    return [code for code in chain.from_iterable(rounds) if code][:NEXT]


@never_cache
@require_safe
def sizes(request: HttpRequest, slug: str) -> HttpResponse:
    """How large this display's letters are, as a stylesheet of its own: pages hold no styles."""
    shown = get_object_or_404(Display, slug=slug)
    if not devices.may_open(request, shown):
        raise PermissionDenied
    return HttpResponse(legibility.sheet(shown), content_type="text/css; charset=utf-8")
