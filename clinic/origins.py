"""Sockets are opened by pages of this clinic only. Browsers send the session's cookie along from any page they show."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http.request import validate_host


class ExactOrigin:
    """Lets a socket through if its Origin is the address it came to, or one of ALLOWED_ORIGINS.

    A program that is no browser sends no Origin. It is let through as long as it sends no cookie either: then it is
    nobody, and sees what a display shows.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if is_allowed(scope):
            await self.application(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 4403})  # before it is accepted, which answers 403


def is_allowed(scope: dict[str, Any]) -> bool:
    headers = _headers(scope)
    if "host" not in headers or not validate_host(_name(headers["host"]), _allowed_hosts()):
        return False
    if "origin" not in headers:
        return "cookie" not in headers
    return headers["origin"] in {f"{_scheme(scope, headers)}://{headers['host']}", *settings.ALLOWED_ORIGINS}


def _headers(scope: dict[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _name(host: str) -> str:
    return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host


def _allowed_hosts() -> list[str]:
    return settings.ALLOWED_HOSTS or ["localhost", "127.0.0.1", "[::1]"]


def _scheme(scope: dict[str, Any], headers: dict[str, str]) -> str:
    if settings.SECURE_PROXY_SSL_HEADER:
        name, secure = settings.SECURE_PROXY_SSL_HEADER
        return "https" if headers.get(name.removeprefix("HTTP_").replace("_", "-").lower()) == secure else "http"
    return "https" if scope.get("scheme") == "wss" else "http"
