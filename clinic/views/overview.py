"""The supervisor's view of the clinic. It changes nothing."""

from __future__ import annotations

from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import overview as overviews
from clinic.views.desk import around, by_htmx

#: Either of these.
RIGHTS = ["complete_ticket", "change_service"]


def may_oversee(user: User | AnonymousUser) -> bool:
    if not user.is_authenticated:
        return False
    if not any(user.has_perm(f"queueing.{right}") for right in RIGHTS):
        raise PermissionDenied
    return True


@never_cache
@require_safe
@user_passes_test(may_oversee)
def overview(request: HttpRequest) -> HttpResponse:
    seen = overviews.read(timezone.now())
    part = "overview/_regions.html" if by_htmx(request) else "overview/overview.html"
    return render(request, part, {**around(request), "overview": seen, "desk": seen.desk})
