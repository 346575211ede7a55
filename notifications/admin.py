"""What was heard, by whom, and when: to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from notifications.models import Activity, AuditEntry, Cursor, Delivery
from queueing.admin import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["seq", "at", "sentence", "reason", "short_hash"]
    list_filter = ["verb", "model"]
    search_fields = ["sentence", "=actor"]
    ordering = ["-seq"]

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
    list_display = ["sink", "low", "updated_at"]
    ordering = ["sink"]


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "actor", "detail"]
    list_filter = ["kind"]
    search_fields = ["=actor"]
    ordering = ["-at", "-id"]
