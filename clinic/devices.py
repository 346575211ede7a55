"""Which screen a browser is, and whether it may open one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from queueing import pairing
from queueing.models import Device, Display, Kiosk

YEAR = 365 * 24 * 60 * 60


def device_of(request: HttpRequest) -> Device | None:
    """What this browser was paired as."""
    return pairing.device_with(token_of(request))


def may_open(request: HttpRequest, screen: Display | Kiosk) -> bool:
    """Whether this browser was paired as it, it is open to all, or a person with the right to view it looks at it."""
    return pairing.may_open(screen, token=token_of(request), user=request.user)


def token_of(request: HttpRequest) -> str:
    return request.COOKIES.get(pairing.COOKIE, "")


def remember(response: HttpResponse, request: HttpRequest, token: str) -> None:
    """The browser keeps its token for a year; no script can read it."""
    response.set_cookie(pairing.COOKIE, token, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure())


def address(device: Device) -> str:
    """Of the page that this device shows."""
    if device.display:
        return reverse("display", args=[device.display.slug])
    assert device.kiosk  # noqa: S101  # device_is_one_display_or_one_kiosk
    return reverse("kiosk", args=[device.kiosk.slug])


def lets_pair(request: HttpRequest, screen: Display | Kiosk) -> str:
    """Where a browser goes that may not open this screen."""
    return reverse(f"pair-{pairing.kind(screen)}") + ("?again=1" if token_of(request) else "")
