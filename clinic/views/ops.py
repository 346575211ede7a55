"""What load balancers and monitors ask. Codes and numbers; only errors of sinks, for those who may see more, quote."""

from __future__ import annotations

from typing import Any

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from notifications import health as hearing
from notifications import lights

LOOPBACK = ("127.0.0.1", "::1")


@never_cache
@require_safe
async def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nobody else, so that no other failure gets it started again."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Send people here: the primary can be used. The desk works without Redis, replica and worker."""
    ready = primary_answers()
    return HttpResponse(
        "ready\n" if ready else "primary database down\n", status=200 if ready else 503, content_type="text/plain"
    )


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    primary = primary_answers()
    report = hearing.report(ask_primary=primary)
    answer: dict[str, Any] = {"status": status(primary=primary, report=report)}
    if may_see_more(request):
        answer |= parts(primary=primary, report=report)
    return JsonResponse(answer, status=200 if primary else 503)


def parts(*, primary: bool, report: hearing.Report) -> dict[str, Any]:
    return {
        **{name: part for name, part in report.items() if name != "replica"},
        "primary_database": "connected" if primary else "down",
        "postgres_database": "connected" if report["replica"] == "ok" else "down",
        "sync_enabled": "replica" in report["sinks"],
        "pool_status": pool_status(),
    }


def may_see_more(request: HttpRequest) -> bool:
    """Whoever is signed in, and whoever asks on this machine itself and not through a proxy."""
    if is_on_this_machine(request):
        return True
    try:
        return request.user.is_authenticated
    except Error:
        return False  # without the primary nobody can be recognised


def is_on_this_machine(request: HttpRequest) -> bool:
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not came_by_proxy(request)


def came_by_proxy(request: HttpRequest) -> bool:
    """Then the address is the proxy's, and says nothing of who asks."""
    return "X-Forwarded-For" in request.headers


def status(*, primary: bool, report: hearing.Report) -> str:
    """ok, degraded (people can work, somebody should look), or down."""
    if not primary:
        return "down"
    return "ok" if lights.all_well(report) else "degraded"


def primary_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def pool_status() -> dict[str, Any]:
    """Of this process: how many connections there are, are free, and how many requests wait for one."""
    pool = getattr(connection, "pool", None)
    stats = pool.get_stats() if pool else {}
    return {
        "size": stats.get("pool_size", 0),
        "available": stats.get("pool_available", 0),
        "waiting": stats.get("requests_waiting", 0),
        "largest": stats.get("pool_max", 0),
    }
