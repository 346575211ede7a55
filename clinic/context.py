"""What every page knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def clinic(request: HttpRequest) -> dict[str, str]:
    return {"clinic_name": settings.CLINIC_NAME, "time_zone": settings.TIME_ZONE, "build": settings.BUILD}
