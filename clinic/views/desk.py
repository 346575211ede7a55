"""The desk. Every answer is the page; to htmx, only the regions of it that may have changed."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import desk as desks
from clinic import forms
from clinic.notices import Notice
from notifications import sentences
from queueing import history, undoing
from queueing.models import Priority, Ticket

#: Any of these lets a person see the desk; what they may do there is the verbs' own business.
RIGHTS = ["issue_ticket", "call_ticket", "arrange_ticket", "complete_ticket", "view_ticket"]
#: How this browser's desk is set: the room that it calls to, and whether it listens to function keys.
ROOM, SHORTCUTS = "desk_room", "desk_shortcuts"


def _may_see(user: User | AnonymousUser) -> bool:
    if not user.is_authenticated:
        return False
    if not any(user.has_perm(f"queueing.{right}") for right in RIGHTS):
        raise PermissionDenied
    return True


desk_only = user_passes_test(_may_see)


@never_cache
@require_safe
@desk_only
def desk(request: HttpRequest) -> HttpResponse:
    return page(request)


@never_cache
@require_safe
@desk_only
def ticket(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """All that can be done to one ticket: a page of its own, or to htmx the menu of its row."""
    row = get_object_or_404(Ticket.objects.select_related("service", "room", "patient"), pk=ticket_id)
    shown = desks.read(at=timezone.now())
    last = history.latest(row)
    context = {
        **around(request),
        "ticket": row,
        "row": next((found for found in shown.rows if found.ticket == row), None),
        "desk": shown,
        "version": last and last.pk,
        **({} if by_htmx(request) else _what_happened(row)),
    }
    return render(request, "desk/_actions.html" if by_htmx(request) else "desk/ticket.html", context)


def _what_happened(row: Ticket) -> dict[str, Any]:
    events = list(history.of(row))
    names = sentences.names_for(events)
    last = history.latest(row)
    return {
        "events": [(event, sentences.sentence(event, names)) for event in events],
        "undo": last.pk if last and undoing.can_be_undone(last, timezone.now()) else None,
    }


def page(
    request: HttpRequest,
    *,
    notice: Notice | None = None,
    form: forms.Issue | None = None,
    issued: Ticket | None = None,
    status: int = 200,
) -> HttpResponse:
    """The desk as it is now, with the check-in form only where that was sent."""
    context = {**around(request), "desk": _read(request), "notice": notice, "form": form, "issued": issued}
    if not by_htmx(request):
        response = render(request, "desk/desk.html", context, status=status)
    else:
        response = _swapped(request, render(request, "desk/_regions.html", context, status=status))
    if notice and notice.code:
        response["X-Refusal"] = notice.code
    return response


def _swapped(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    # Said by the answer: a push may have taken the button that asked out of the page, and its attributes with it.
    response["HX-Reswap"] = "none"
    if request.method == "POST":
        response["HX-Push-Url"] = "false"
    return response


def around(request: HttpRequest) -> dict[str, Any]:
    """What all parts of the desk know."""
    query = kept(request)
    return {
        "priorities": Priority,
        "query": query,
        "kept": query.replace("?", "&", 1),
        "key": uuid.uuid4().hex,
        "shortcuts": request.COOKIES.get(SHORTCUTS) != "off",
    }


def _read(request: HttpRequest) -> desks.Desk:
    asked = _asked(request)
    return desks.read(
        at=timezone.now(),
        service_id=_number(asked.get("service", "")),
        words=asked.get("q", "").strip(),
        username=request.user.get_username(),
        chosen=_number(request.COOKIES.get(ROOM, "")),
    )


def _number(text: str | list[object]) -> int | None:
    return int(text) if isinstance(text, str) and text.isdecimal() else None


def by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def _asked(request: HttpRequest) -> QueryDict:
    """Which part of the lines the page shows; after an action by htmx, the address of the page tells."""
    if request.method == "POST" and by_htmx(request):
        return QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    return request.GET


def kept(request: HttpRequest) -> str:
    """The same as part of an address, to come back to it after an action."""
    asked = _asked(request)
    found = {name: str(asked[name]) for name in ("service", "q") if asked.get(name)}
    return f"?{urlencode(found)}" if found else ""
