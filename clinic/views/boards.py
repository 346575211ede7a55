"""Boards for screens that are not live."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from notifications import boards
from queueing import board
from queueing.models import Line


@require_safe
def board_json(request: HttpRequest, service_id: int) -> HttpResponse:
    """The board of one service. Its version, the ETag, is asked of the database: without a worker Redis goes stale."""
    version = Line.objects.filter(pk=service_id).values_list("version", flat=True).first()
    if version is None:
        return JsonResponse({"error": "There is no such service."}, status=404)
    if request.headers.get("If-None-Match") in (f'"{version}"', f'W/"{version}"'):
        return _cacheable(HttpResponseNotModified(), version)
    text = boards.load_now(service_id, version=version)
    if text is None:
        fresh = board.board(service_id, timezone.now())
        text, version = boards.as_text(fresh), fresh["version"]
    return _cacheable(HttpResponse(text, content_type="application/json"), version)


def _cacheable(response: HttpResponse, version: int) -> HttpResponse:
    response["ETag"] = f'"{version}"'
    response["Cache-Control"] = "no-cache"
    return response
