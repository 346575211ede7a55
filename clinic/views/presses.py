"""What is pressed at the desk. Each press is one verb; the answer is the desk as it is then, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic import forms, notices
from clinic.notices import Notice
from clinic.verbs import ISSUED, UNDONE, VERBS, said
from clinic.views.desk import ROOM, SHORTCUTS, back, by_htmx, desk_only, kept, page
from queueing import tickets, undoing
from queueing.models import Ticket
from queueing.refusals import NotAllowed, TicketError

#: Seconds for which a browser remembers how its desk is set: a year.
REMEMBERED = 365 * 24 * 60 * 60


@never_cache
@require_POST
@desk_only
def issue(request: HttpRequest) -> HttpResponse:
    form = forms.Issue(request.POST)
    if not form.is_valid():
        return _invalid(request, form, shown_again=form)

    asked = {name: form.cleaned_data[name] for name in ("service_id", "priority", "needs")}
    return _answer(
        request,
        lambda now: tickets.issue(**asked, patient=form.patient(), key=_key(form, "issue"), **now),
        lambda issued: said(ISSUED, issued),
        form,
    )


@never_cache
@require_POST
@desk_only
def call_next(request: HttpRequest, room_id: int) -> HttpResponse:
    form = forms.Press(request.POST)
    if not form.is_valid():
        return _invalid(request, form)
    key = _key(form, f"next-{room_id}")
    return _answer(
        request,
        lambda now: tickets.call_next(room_id=room_id, key=key, **now),
        VERBS["call"].sentence,
    )


@never_cache
@require_POST
@desk_only
def act(request: HttpRequest, ticket_id: int, verb: str) -> HttpResponse:
    """Do one of VERBS to a ticket."""
    if verb not in VERBS:
        raise Http404
    form = VERBS[verb].form(_sent(request))
    if not form.is_valid():
        return _invalid(request, form)
    press = {**form.cleaned_data, "key": _key(form, f"{verb}-{ticket_id}")}
    return _answer(
        request,
        lambda now: VERBS[verb].act(ticket_id=ticket_id, **press, **now),
        VERBS[verb].sentence,
    )


@never_cache
@require_POST
@desk_only
def undo(request: HttpRequest, event_id: int) -> HttpResponse:
    form = forms.Press(request.POST)
    if not form.is_valid():
        return _invalid(request, form)
    key = _key(form, f"undo-{event_id}")
    return _answer(
        request,
        lambda now: undoing.undo(event_id=event_id, key=key, **now),
        lambda ticket: said(UNDONE, ticket),
    )


@never_cache
@require_POST
@desk_only
def settings(request: HttpRequest) -> HttpResponse:
    """Remember in this browser which room it calls to, and whether it listens to function keys."""
    form = forms.Settings(request.POST)
    response = HttpResponseRedirect(reverse("desk") + kept(request))
    if form.is_valid():
        for name, cookie in (("room", ROOM), ("shortcuts", SHORTCUTS)):
            if name in request.POST:
                response.set_cookie(cookie, str(form.cleaned_data[name] or ""), max_age=REMEMBERED, httponly=True)
    return response


def _sent(request: HttpRequest) -> QueryDict:
    """The form, with the version that stands in the address: the buttons of all rows share one form."""
    sent = request.POST.copy()
    sent["version"] = request.GET.get("version", "")
    return sent


def _key(form: django_forms.Form, purpose: str) -> str | None:
    """One key stands on a page for all that can be done from it, so what it was used for is part of it."""
    key = form.cleaned_data.get("key")
    return f"{key}-{purpose}" if key else None


def _invalid(request: HttpRequest, form: django_forms.Form, *, shown_again: forms.Issue | None = None) -> HttpResponse:
    return page(request, notice=Notice(text=forms.sentence(form), code="invalid"), form=shown_again, status=422)


def _answer(
    request: HttpRequest,
    verb: Callable[[dict[str, Any]], Ticket],
    say: Callable[[Ticket], str],
    form: forms.Issue | None = None,
) -> HttpResponse:
    """Who acts and when goes into the verb; what it did to the ticket is said."""
    at = timezone.now()

    def act() -> Notice:
        ticket = verb({"actor": request.user, "at": at})
        return notices.done(ticket, say(ticket), at)

    return answer(request, act, form)


def answer(request: HttpRequest, act: Callable[[], Notice], form: forms.Issue | None = None) -> HttpResponse:
    """What came of an act. A form that was refused is shown again with what was typed."""
    try:
        notice = act()
    except ObjectDoesNotExist as missing:
        raise Http404 from missing
    except TicketError as refusal:
        status = 403 if isinstance(refusal, NotAllowed) else 409
        return page(request, notice=notices.refused(request.user, refusal), form=form, status=status)
    if by_htmx(request):
        return page(request, notice=notice, form=form and forms.Issue(), issued=notice.ticket if form else None)
    # The event that the notice's Undo takes back goes along as the one tag of the message.
    messages.success(request, notice.text, extra_tags=str(notice.undo or ""))
    return HttpResponseRedirect(_back(request, notice.ticket if form else None))


def _back(request: HttpRequest, issued: Ticket | None) -> str:
    """The page that the form came from; a ticket that was just issued stands in its panel."""
    address = back(request)
    return f"{address}{'&' if '?' in address else '?'}issued={issued.pk}" if issued else address
