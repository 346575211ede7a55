"""The admin's pages on which a person completes or reopens tickets. A page asks; only its POST acts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from queueing import tickets
from queueing.models import IN_ROOM, Ticket
from queueing.refusals import TicketError

#: Seconds after which the list of what is to be completed loads itself again.
REFRESH = 15


class CompletionForm(forms.Form):
    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), choices=Ticket.Outcome, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Needed unless the patient was seen."),
        max_length=500,
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("outcome") not in (None, Ticket.Outcome.SEEN) and not cleaned.get("reason"):
            self.add_error("reason", _("Please give a reason for this outcome."))
        return cleaned


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        strip=True,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


def complete_view(model_admin: admin.ModelAdmin, request: HttpRequest, ids: str) -> HttpResponse:
    """Ask for the outcome of one or several tickets, then complete each that can be; refusals are named one by one."""
    _require(request, "queueing.complete_ticket")
    chosen = _tickets(ids)
    form = CompletionForm(request.POST or None, initial={"outcome": Ticket.Outcome.SEEN})
    if request.method == "POST" and form.is_valid():
        for ticket in chosen:
            _try(request, ticket, tickets.complete, _("%s is completed."), **form.cleaned_data)
        return redirect("admin:queueing_ticket_to_complete")
    context = {"chosen": chosen, "form": form, "title": _("Complete")}
    return _page(model_admin, request, "complete", context)


def reopen_view(model_admin: admin.ModelAdmin, request: HttpRequest, ticket_id: int) -> HttpResponse:
    _require(request, "queueing.reopen_ticket")
    ticket = get_object_or_404(Ticket.objects.select_related("service", "room"), pk=ticket_id)
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _try(request, ticket, tickets.reopen, _("%s is open again."), **form.cleaned_data)
        return redirect("admin:queueing_ticket_change", ticket.pk)
    context = {"ticket": ticket, "form": form, "title": _("Reopen %s") % ticket.code}
    return _page(model_admin, request, "reopen", context)


def to_complete_view(model_admin: admin.ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Who is called or with a clinician, the longest first. Loads itself again, so that it can stay open."""
    _require(request, "queueing.complete_ticket")
    waiting = Ticket.objects.in_room().select_related("service", "room").order_by("called_at", "pk")
    context = {"rows": [(t, minutes(t.called_at)) for t in waiting], "title": _("Waiting for completion")}
    response = _page(model_admin, request, "to_complete", context)
    response.headers["Refresh"] = str(REFRESH)
    return response


def minutes(since: datetime | None, until: datetime | None = None) -> int:
    """Whole minutes from one moment to another, or to now."""
    return max(0, int(((until or timezone.now()) - since).total_seconds() // 60)) if since else 0


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _tickets(ids: str) -> list[Ticket]:
    if not all(number.isdecimal() for number in ids.split(",")):
        raise Http404
    found = list(
        Ticket.objects.filter(pk__in=ids.split(",")).select_related("service", "room").order_by("called_at", "pk")
    )
    if not found:
        raise Http404
    for ticket in found:
        ticket.can_complete = ticket.status in IN_ROOM
        ticket.waited, ticket.served = minutes(ticket.issued_at, ticket.called_at), minutes(ticket.started_at)
    return found


def _try(request: HttpRequest, ticket: Ticket, verb: Any, done: str, **answers: str) -> None:
    try:
        verb(ticket_id=ticket.pk, actor=request.user, at=timezone.now(), **answers)
    except TicketError as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, done % ticket.code)


def _page(model_admin: admin.ModelAdmin, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    frame = {**model_admin.admin_site.each_context(request), "opts": model_admin.model._meta}
    return TemplateResponse(request, f"admin/queueing/ticket/{name}.html", {**frame, **context})
