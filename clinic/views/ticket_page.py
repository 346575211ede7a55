"""The page of one ticket, on the phone of its patient. Its token is all the right that anybody needs here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import forms, ticket_page
from queueing import self_service
from queueing.models import Ticket
from queueing.refusals import TicketError

ACTS = {
    "coming": self_service.come,
    "more-time": self_service.take_more_time,
    "leave": self_service.leave,
    "undo": self_service.come_back,
}
View = Callable[..., HttpResponse]


def by_token(view: View) -> View:
    """Calls the view with the ticket. A token that is unknown, malformed or too old gets one and the same answer."""

    # No cookie gives any right here, so no other site can make use of one; and without a referrer Django's check
    # for that would refuse everybody.
    @csrf_exempt
    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, token: str, **arguments: Any) -> HttpResponse:
        at = timezone.now()
        ticket = self_service.find(token, at)
        response = view(request, ticket, at, **arguments) if ticket else _gone(request)
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return answer


@by_token
@require_safe
def page(request: HttpRequest, ticket: Ticket, at: datetime) -> HttpResponse:
    """The page, or with `?part=1` what changes on it."""
    return _page(request, ticket, at)


@by_token
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, ticket: Ticket, at: datetime) -> HttpResponse:
    """Asks first."""
    if request.method == "POST":
        return _act(request, ticket, at, "leave")
    return render(request, "ticket/leave.html", {"shown": ticket_page.read(ticket, at)})


@by_token
@require_POST
def act(request: HttpRequest, ticket: Ticket, at: datetime, verb: str) -> HttpResponse:
    return _act(request, ticket, at, verb) if verb in ACTS else _gone(request)


def _act(request: HttpRequest, ticket: Ticket, at: datetime, verb: str) -> HttpResponse:
    if ticket_page.presses_too_often(ticket):
        too_often = _("That was too often. Please wait a minute, or go to the desk.")
        return _page(request, ticket, at, refusal=too_often, status=429)
    form = forms.Press(request.POST)
    key = f"{form.cleaned_data['key']}-{verb}-{ticket.pk}" if form.is_valid() and form.cleaned_data["key"] else None
    try:
        ACTS[verb](ticket_id=ticket.pk, key=key, at=at)
    except TicketError as refusal:
        return _page(request, _again(ticket, at), at, refusal=str(refusal), status=409)
    if "part" in request.GET:
        return _page(request, _again(ticket, at), at)
    return redirect("ticket-page", ticket.token)


def _again(ticket: Ticket, at: datetime) -> Ticket:
    """As it is now."""
    return self_service.find(ticket.token, at) or ticket


def _page(request: HttpRequest, ticket: Ticket, at: datetime, *, refusal: str = "", status: int = 200) -> HttpResponse:
    template = "ticket/_ticket.html" if "part" in request.GET else "ticket/ticket.html"
    context = {"shown": ticket_page.read(ticket, at), "refusal": refusal}
    return render(request, template, context, status=status)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "ticket/gone.html", status=404)
