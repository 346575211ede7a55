"""What a browser shows that is no screen yet: the six letters by which a person lets it be one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import devices
from queueing import pairing
from queueing.refusals import TooManyAsk

#: Seconds after which the page asks again whether it was confirmed.
REFRESH = 4


@never_cache
@require_safe
def pair(request: HttpRequest) -> HttpResponse:
    """Loads itself again every few seconds, and goes to its screen when a person has confirmed it."""
    if device := devices.device_of(request):
        return redirect(devices.address(device))
    now = timezone.now()
    if found := pairing.pending(devices.token_of(request), at=now):
        return _page(request, code=found.code)
    try:
        token, asked = pairing.ask(at=now)
    except TooManyAsk as refusal:
        return _page(request, status=429, refusal=str(refusal))
    response = _page(request, code=asked.code)
    devices.remember(response, request, token)
    return response


def _page(request: HttpRequest, *, status: int = 200, **context: str) -> HttpResponse:
    context["again"] = request.GET.get("again", "")
    response = render(request, "display/pair.html", context, status=status)
    response.headers["Refresh"] = str(REFRESH)
    return response
