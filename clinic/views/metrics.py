"""Numbers for Prometheus, to this machine, to whoever has the token, and to the addresses in METRICS_ALLOW."""

from __future__ import annotations

import secrets
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from clinic.views import ops
from notifications import health
from notifications import metrics as numbers

NOT_YOURS = (
    "These numbers are for this machine, for requests with the right METRICS_TOKEN (Authorization: Bearer ...) and for"
    " addresses in METRICS_ALLOW that ask without a proxy between.\n"
)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """200 also while the primary is down: that is a number too."""
    if not (ops.is_on_this_machine(request) or has_token(request) or is_allowed(request)):
        return HttpResponse(NOT_YOURS, status=403, content_type="text/plain")
    primary = ops.primary_answers()
    report = health.report(ask_primary=primary)
    text = numbers.text(report, primary=primary, pool=ops.pool_status())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    right = secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return right and scheme.lower() == "bearer" and bool(settings.METRICS_TOKEN)


def is_allowed(request: HttpRequest) -> bool:
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False  # a socket of this machine's file system has none
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return not ops.came_by_proxy(request) and any(address in network for network in settings.METRICS_ALLOW)
