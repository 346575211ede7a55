"""The desk. Every answer is the page; to htmx, only the regions of it that may have changed."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic import desk as desks
from clinic import forms
from clinic import room as rooms
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
    """Without JavaScript, a ticket that was just issued stands in the address."""
    issued = _number(request.GET.get("issued", ""))
    return page(request, issued=Ticket.objects.select_related("service").filter(pk=issued).first() if issued else None)


@never_cache
@require_safe
@desk_only
def print_ticket(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """The ticket on paper, for the patient."""
    row = get_object_or_404(Ticket.objects.select_related("service"), pk=ticket_id)
    place = desks.read(at=timezone.now()).row_of(row)
    return render(request, "desk/print.html", {"ticket": row, "row": place, "query": kept(request)})


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
        "row": shown.row_of(row),
        "desk": shown,
        "version": last and last.pk,
        **({} if by_htmx(request) else _what_happened(row)),
    }
    return render(request, "desk/_actions.html" if by_htmx(request) else "desk/ticket.html", context)


def _what_happened(row: Ticket) -> dict[str, Any]:
    events = list(history.of(row))
    names = sentences.names_for(events)
    last = undoing.step(row)
    return {
        "events": [(event, sentences.sentence(event, names)) for event in events],
        "undo": last.pk if last and undoing.can_be_undone(last, timezone.now()) else None,
    }


def page(
    request: HttpRequest,
    *,
    room_id: int | None = None,
    notice: Notice | None = None,
    form: forms.Issue | None = None,
    issued: Ticket | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page that the person is on, as it is now: the panel of a room (else Http404), or the desk.

    The desk comes with the check-in form only where that was sent.
    """
    room_id = room_id or room_asked(request)
    shown, context = ("room", _panel(room_id)) if room_id else ("desk", {"desk": _read(request)})
    context |= {"notice": notice, "form": form, "issued": issued, "row": context["desk"].row_of(issued)}
    response = _render(request, shown, context, status)
    if notice and notice.code:
        response["X-Refusal"] = notice.code
    return response


def _panel(room_id: int) -> dict[str, Any]:
    try:
        panel = rooms.read(room_id, at=timezone.now())
    except ObjectDoesNotExist as missing:
        raise Http404 from missing
    return {"panel": panel, "desk": panel.desk, "query": f"?room={room_id}", "kept": f"&room={room_id}"}


def _render(request: HttpRequest, shown: str, context: dict[str, Any], status: int) -> HttpResponse:
    context = {**around(request), **context}
    if not by_htmx(request):
        return render(request, f"{shown}/{shown}.html", context, status=status)
    response = render(request, f"{shown}/_regions.html", context, status=status)
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
        "needs": forms.NEEDS,
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


def room_asked(request: HttpRequest) -> int | None:
    """The room whose panel the action came from."""
    return _number(request.GET.get("room", ""))


def back(request: HttpRequest) -> str:
    """The address of the page that the action came from."""
    room_id = room_asked(request)
    return reverse("room", args=[room_id]) if room_id else reverse("desk") + kept(request)


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
