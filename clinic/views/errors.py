"""What people see when a request fails through no fault of theirs."""

from __future__ import annotations

import sys

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

#: The primary is away, or a limit of `clinic.databases` has ended a wait for it.
AWAY = (OperationalError, InterfaceError, InternalError)
#: Seconds after which trying again is worth it.
AGAIN = 5


def server_error(request: HttpRequest) -> HttpResponse:
    """503 and when to try again while the primary cannot be used; 500 for our own mistakes."""
    if isinstance(sys.exc_info()[1], AWAY):
        page = render_to_string("503.html", {"pressed": request.method == "POST"})
        return HttpResponse(page, status=503, headers={"Retry-After": str(AGAIN)})
    return defaults.server_error(request)
