"""What was heard, by whom, and when: to look at. What was not heard, to mend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications import health, mending, overview, sentences
from notifications.models import Activity, AuditEntry, Comparison, Cursor, DeadLetter, Delivery, Erasure
from queueing.admin import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The list tells in the reader's language, by the names of today; an entry shows the sentence that was sealed."""

    list_display = ["seq", "at", "told", "reason", "short_hash"]
    list_filter = ["verb", "model"]
    search_fields = ["sentence", "=actor"]
    ordering = ["-seq"]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changes = super().get_changelist_instance(request)
        names = sentences.names_for(changes.result_list)
        for entry in changes.result_list:
            entry.told = sentences.sentence(entry, names)
        return changes

    @admin.display(description=_("what happened"))
    def told(self, entry: Any) -> str:
        return str(entry.told)

    @admin.display(description=_("hash"))
    def short_hash(self, entry: AuditEntry) -> str:
        return f"{entry.hash[:12]}…"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "sink", "outcome", "events", "bytes", "attempts", "started_at", "finished_at", "error"]
    list_filter = ["sink", "outcome"]
    ordering = ["-id"]


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    """How delivery is doing, instead of a list of three rows."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Delivery"),
        }
        context = {**frame, **overview.context(health.report()), **(extra_context or {})}
        return TemplateResponse(request, "admin/notifications/delivery.html", context)


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "actor", "detail"]
    list_filter = ["kind"]
    search_fields = ["=actor"]
    ordering = ["-at", "-id"]


@admin.register(Comparison)
class ComparisonAdmin(ReadOnlyAdmin):
    list_display = ["at", "rows", "differences", "repaired"]
    ordering = ["-at"]


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ["patient_id", "at", "actor"]
    ordering = ["-at"]


class DiscardForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, strip=True, widget=forms.TextInput(attrs={"class": "vTextField"})
    )


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    list_display = ["row", "sink", "error", "attempts", "parked_at", "retry_at", "outcome"]
    list_filter = ["sink", "outcome"]
    ordering = ["-id"]
    actions = ["retry", "copy", "discard"]

    @admin.display(description=_("row"))
    def row(self, letter: DeadLetter) -> str:
        return f"{letter.model} {letter.object_id}"

    def has_mend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("notifications.change_deadletter")

    @admin.action(permissions=["mend"], description=_("Retry"))
    def retry(self, request: HttpRequest, chosen: QuerySet[DeadLetter]) -> None:
        self.mend(request, _keys(chosen), mending.retry, _("The worker tries %s again in its next step."))

    @admin.action(permissions=["mend"], description=_("Copy current row"))
    def copy(self, request: HttpRequest, chosen: QuerySet[DeadLetter]) -> None:
        by = request.user.get_username()
        self.mend(request, _keys(chosen), lambda key: mending.copy(key, by=by), _("%s is copied as it is now."))

    @admin.action(permissions=["mend"], description=_("Discard…"))
    def discard(self, request: HttpRequest, chosen: QuerySet[DeadLetter]) -> HttpResponse:
        return redirect("admin:notifications_deadletter_discard", ",".join(map(str, _keys(chosen))))

    def discard_view(self, request: HttpRequest, ids: str) -> HttpResponse:
        """Ask for the reason, then discard."""
        if not self.has_mend_permission(request):
            raise PermissionDenied
        chosen, form = _letters(ids), DiscardForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            answers = {"by": request.user.get_username(), **form.cleaned_data}
            keys = [letter.pk for letter in chosen]
            self.mend(request, keys, lambda key: mending.discard(key, **answers), _("%s is discarded."))
            return redirect("admin:notifications_deadletter_changelist")
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": gettext("Discard")}
        context = {**frame, "chosen": chosen, "form": form}
        return TemplateResponse(request, "admin/notifications/discard.html", context)

    def mend(self, request: HttpRequest, keys: Iterable[int], act: Callable[[int], DeadLetter], done: Any) -> None:
        """Each letter by itself, so that one that refuses keeps no other."""
        for key in keys:
            try:
                letter = act(key)
            except mending.LetterError as refusal:
                messages.warning(request, str(refusal))
            else:
                sentence = str(done) % letter
                self.log_change(request, letter, f"{sentence} {letter.reason}".strip())
                messages.success(request, sentence)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.discard_view)
        return [path("<str:ids>/discard/", view, name="notifications_deadletter_discard"), *super().get_urls()]


def _keys(chosen: QuerySet[DeadLetter]) -> list[int]:
    return list(chosen.order_by("pk").values_list("pk", flat=True))


def _letters(ids: str) -> list[DeadLetter]:
    if not all(number.isdecimal() and len(number) < 19 for number in ids.split(",")):
        raise Http404
    found = list(DeadLetter.objects.filter(pk__in=ids.split(",")).order_by("pk"))
    if not found:
        raise Http404
    return found
