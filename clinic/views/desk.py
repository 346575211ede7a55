"""The desk. Every answer is the page; to htmx, only the regions of it that may have changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic import desk as desks
from clinic import forms
from clinic.verbs import ISSUED, VERBS
from notifications import sentences
from queueing import history, tickets
from queueing.models import IN_ROOM, Priority, Ticket
from queueing.refusals import NotAllowed, TicketError

#: Any of these lets a person see the desk; what they may do there is the verbs' own business.
RIGHTS = ["issue_ticket", "call_ticket", "arrange_ticket", "complete_ticket", "view_ticket"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The one line that says what came of an action; `link` leads to the way out of a refusal."""

    text: str
    refused: bool = False
    link: str = ""
    label: str = ""


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
    return _page(request)


@never_cache
@require_safe
@desk_only
def ticket(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """All that can be done to one ticket: a page of its own, or to htmx the menu of its row."""
    row = get_object_or_404(Ticket.objects.select_related("service", "room", "patient"), pk=ticket_id)
    part = "desk/_actions.html" if _by_htmx(request) else "desk/ticket.html"
    shown = desks.read(at=timezone.now())
    events = list(history.of(row))
    names = sentences.names_for(events)
    context = {
        "ticket": row,
        "row": next((found for found in shown.rows if found.ticket == row), None),
        "desk": shown,
        "events": [(event, sentences.sentence(event, names)) for event in events],
        "priorities": Priority,
        "query": _query(request),
        "key": uuid.uuid4().hex,
    }
    return render(request, part, context)


@never_cache
@require_POST
@desk_only
def issue(request: HttpRequest) -> HttpResponse:
    form = forms.Issue(request.POST)
    if not form.is_valid():
        return _page(request, notice=Notice(text=forms.sentence(form), refused=True), form=form, status=422)
    return _answer(request, lambda: _issue(request, form), form)


def _issue(request: HttpRequest, form: forms.Issue) -> str:
    sent, key = form.cleaned_data, _key(form, "issue")
    issued = tickets.issue(
        service_id=sent["service_id"],
        priority=sent["priority"],
        patient=form.patient(),
        key=key,
        actor=request.user,
        at=timezone.now(),
    )
    told = {"code": issued.code, "service": issued.service, "low": issued.estimate_low, "high": issued.estimate_high}
    return str(ISSUED) % told


@never_cache
@require_POST
@desk_only
def call_next(request: HttpRequest, room_id: int) -> HttpResponse:
    form = forms.Keyed(request.POST)
    form.is_valid()

    def verb() -> str:
        key = _key(form, f"next-{room_id}")
        called = tickets.call_next(room_id=room_id, key=key, actor=request.user, at=timezone.now())
        return VERBS["call"].sentence(called)

    return _answer(request, verb)


@never_cache
@require_POST
@desk_only
def act(request: HttpRequest, ticket_id: int, verb: str) -> HttpResponse:
    """Do one of VERBS to a ticket."""
    if verb not in VERBS:
        raise Http404
    form = VERBS[verb].form(request.POST)
    if not form.is_valid():
        return _page(request, notice=Notice(text=forms.sentence(form), refused=True), status=422)
    arguments = {**form.cleaned_data, "ticket_id": ticket_id, "actor": request.user, "at": timezone.now()}
    if "key" in arguments:
        arguments["key"] = _key(form, f"{verb}-{ticket_id}")
    return _answer(request, lambda: VERBS[verb].sentence(VERBS[verb].act(**arguments)))


def _key(form: django_forms.Form, purpose: str) -> str | None:
    """One key stands on a page for all that can be done from it, so what it was used for is part of it."""
    key = form.cleaned_data.get("key")
    return f"{key}-{purpose}" if key else None


def _answer(request: HttpRequest, verb: Callable[[], str], form: forms.Issue | None = None) -> HttpResponse:
    """What came of the verb. A form that was refused is shown again with what was typed."""
    try:
        sentence = verb()
    except ObjectDoesNotExist as missing:
        raise Http404 from missing
    except TicketError as refusal:
        status = 403 if isinstance(refusal, NotAllowed) else 409
        return _page(request, notice=_refused(request.user, refusal), form=form, status=status)
    if _by_htmx(request):
        return _page(request, notice=Notice(text=sentence), form=form and forms.Issue())
    messages.success(request, sentence)
    return HttpResponseRedirect(reverse("desk") + _query(request))


def _refused(user: User | AnonymousUser, refusal: TicketError) -> Notice:
    there = refusal.ticket
    if there and there.status in IN_ROOM and user.is_staff and user.has_perm("queueing.complete_ticket"):
        link = reverse("admin:queueing_ticket_complete", args=[there.pk])
        label = _("Complete %(code)s…") % {"code": there.code}
        return Notice(text=str(refusal), refused=True, link=link, label=label)
    return Notice(text=str(refusal), refused=True)


def _page(
    request: HttpRequest, *, notice: Notice | None = None, form: forms.Issue | None = None, status: int = 200
) -> HttpResponse:
    """The desk as it is now, with the check-in form only where that was sent."""
    context = {
        "desk": _read(request),
        "notice": notice,
        "form": form,
        "priorities": Priority,
        "query": _query(request),
        "key": uuid.uuid4().hex,
    }
    if not _by_htmx(request):
        return render(request, "desk/desk.html", context, status=status)
    response = render(request, "desk/_regions.html", context, status=status)
    # Said by the answer: a push may have taken the button that asked out of the page, and its attributes with it.
    response["HX-Reswap"] = "none"
    if request.method == "POST":
        response["HX-Push-Url"] = "false"
    return response


def _read(request: HttpRequest) -> desks.Desk:
    asked = _asked(request)
    service = asked.get("service", "")
    service_id = int(service) if service.isdecimal() else None
    return desks.read(at=timezone.now(), service_id=service_id, search=asked.get("q", ""))


def _by_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def _asked(request: HttpRequest) -> QueryDict:
    """Which part of the lines the page shows; after an action by htmx, the address of the page tells."""
    if request.method == "POST" and _by_htmx(request):
        return QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    return request.GET


def _query(request: HttpRequest) -> str:
    """The same as part of an address, to come back to it after an action."""
    asked = _asked(request)
    kept = {name: str(asked[name]) for name in ("service", "q") if asked.get(name)}
    return f"?{urlencode(kept)}" if kept else ""
