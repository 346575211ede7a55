"""The stock admin. Tickets are read-only here but for two acts, *Complete...* and *Reopen...*, that call the verbs."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from queueing import completion, history
from queueing.models import Event, Patient, Room, RoomService, Service, Ticket


class ReadOnlyAdmin(admin.ModelAdmin):
    """Looks, never touches."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TrackedAdmin(admin.ModelAdmin):
    """Its history page shows the row's events: who, when, what, why."""

    object_history_template = "admin/queueing/history.html"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        events = history.of(row) if row else Event.objects.none()
        return super().history_view(request, object_id, {"events": events, **(extra_context or {})})


@admin.register(Service)
class ServiceAdmin(TrackedAdmin):
    list_display = ["name", "prefix", "is_open", "typical_minutes", "target_wait_minutes"]
    search_fields = ["name"]
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "prefix", "is_open", "typical_minutes", "target_wait_minutes"]}),
        (_("Patients"), {"fields": ["at_kiosk", "names_on_displays"]}),
        (
            _("Head starts"),
            {
                "description": _("Minutes by which a ticket of each priority counts as having come earlier."),
                "fields": ["high_head_start_minutes", "medium_head_start_minutes", "low_head_start_minutes"],
            },
        ),
    ]


class LabelledFormSet(BaseInlineFormSet):
    """A table's head names its columns for the eye; this names each field for whoever does not see it."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            widget = getattr(field.widget, "widget", field.widget)  # of a choice with a link to add another one
            widget.attrs.setdefault("aria-label", field.label)


class ServicesInline(admin.TabularInline):
    extra = 1
    formset = LabelledFormSet


class RoomServiceInline(ServicesInline):
    model = RoomService


@admin.register(Room)
class RoomAdmin(TrackedAdmin):
    list_display = ["name", "is_open"]
    ordering = ["name"]
    inlines = [RoomServiceInline]


@admin.register(Patient)
class PatientAdmin(TrackedAdmin):
    list_display = ["reference", "name", "show_name"]
    search_fields = ["reference", "name"]
    ordering = ["reference", "pk"]
    show_full_result_count = False


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["id", "at", "actor", "verb", "model", "object_id", "reason"]
    list_filter = ["verb", "model"]
    search_fields = ["actor", "=object_id"]
    ordering = ["-id"]


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin, TrackedAdmin):
    list_display = ["code", "service", "priority", "status", "place", "waited", "room", "called_at", "completed_by"]
    list_filter = ["status", "service", "priority", "day"]
    list_select_related = ["service", "room"]
    search_fields = ["code", "patient__reference", "patient__name"]
    search_help_text = _("Code, or the reference or name of the patient")
    ordering = ["-issued_at", "-pk"]
    exclude = ["token"]
    actions = ["complete"]
    change_form_template = "admin/queueing/ticket/change_form.html"
    change_list_template = "admin/queueing/ticket/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        ahead = Ticket.objects.waiting().filter(service=OuterRef("service"), position__lt=OuterRef("position"))
        counted = ahead.order_by().values("service").annotate(number=Count("pk")).values("number")
        tickets: QuerySet[Ticket] = super().get_queryset(request)
        return tickets.annotate(_ahead=Coalesce(Subquery(counted), 0))

    @admin.display(description=_("place"))
    def place(self, ticket: Any) -> int | None:
        return ticket._ahead + 1 if ticket.is_waiting else None

    @admin.display(description=_("waited"), ordering=Coalesce("called_at", "ended_at", Now()) - F("issued_at"))
    def waited(self, ticket: Ticket) -> str:
        until = ticket.called_at or ticket.ended_at
        return _("%(minutes)s min") % {"minutes": completion.minutes(ticket.issued_at, until)}

    def has_complete_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("queueing.complete_ticket")

    @admin.action(permissions=["complete"], description=_("Complete…"))
    def complete(self, request: HttpRequest, tickets: QuerySet[Ticket]) -> HttpResponse:
        chosen = ",".join(str(pk) for pk in tickets.order_by("called_at").values_list("pk", flat=True))
        return redirect("admin:queueing_ticket_complete", chosen)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("to-complete/", view(self.to_complete_view), name="queueing_ticket_to_complete"),
            path("<str:ids>/complete/", view(self.complete_view), name="queueing_ticket_complete"),
            path("<int:ticket_id>/reopen/", view(self.reopen_view), name="queueing_ticket_reopen"),
            *super().get_urls(),
        ]

    def complete_view(self, request: HttpRequest, ids: str) -> HttpResponse:
        return completion.complete_view(self, request, ids)

    def reopen_view(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        return completion.reopen_view(self, request, ticket_id)

    def to_complete_view(self, request: HttpRequest) -> HttpResponse:
        return completion.to_complete_view(self, request)


admin.site.site_header = _("Clinic queue")
admin.site.site_title = _("Clinic queue")
admin.site.site_url = None  # the way back to the desk stands in the header already
admin.site.index_title = _("Set up, complete, look back")
