"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def clinic(request: HttpRequest) -> dict[str, Any]:
    return {
        "clinic_name": settings.CLINIC_NAME,
        "time_zone": settings.TIME_ZONE,
        "build": settings.BUILD,
        "languages": settings.LANGUAGES,
        # Where a choice of language leads back to: what came of an action has no page of its own.
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else reverse("home"),
    }
