"""Screens in the admin: displays, kiosks, and the browsers that were paired as one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic import legibility
from notifications import screens
from queueing import pairing
from queueing.admin import ServicesInline, TrackedAdmin
from queueing.models import Device, Display, DisplayService, Kiosk
from queueing.refusals import TicketError


class DisplayServiceInline(ServicesInline):
    model = DisplayService


@admin.register(Display)
class DisplayAdmin(TrackedAdmin):
    list_display = ["name", "slug", "languages", "sound", "open_to_all"]
    ordering = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [DisplayServiceInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "languages", "sound", "open_to_all"]}),
        (_("Size"), {"fields": ["layout", "screen_inches", "viewing_distance_m", "earlier_calls", "can_be_read"]}),
        (_("Hours"), {"fields": ["opens_at", "closes_at"]}),
    ]
    readonly_fields = ["can_be_read"]

    @admin.display(description=_("can be read"))
    def can_be_read(self, display: Display) -> str:
        if not display.pk:
            return "–"
        sentence = _("%(part)s: capitals of %(capitals)d mm, up to %(far)s m")
        lines = [
            sentence % {"part": told.part.name, "capitals": told.capitals, "far": told.far}
            for told in legibility.told(display)
        ]
        problems = [format_html('<strong class="problem">{}</strong>', line) for line in legibility.problems(display)]
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in [*lines, *problems]))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """With its services, whose codes are shorter or longer."""
        super().save_related(request, form, formsets, change)
        for problem in legibility.problems(form.instance):
            messages.warning(request, problem)


@admin.register(Kiosk)
class KioskAdmin(TrackedAdmin):
    list_display = ["name", "slug", "languages", "open_to_all"]
    ordering = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug", "languages", "open_to_all"]}),
        (_("Hours"), {"fields": ["opens_at", "closes_at"]}),
    ]


class PairForm(forms.Form):
    code = forms.CharField(
        label=_("Six letters on the screen"),
        max_length=20,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off", "autofocus": True}),
    )
    screen = forms.ChoiceField(label=_("It is"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.screens = {
            f"{pairing.kind(screen)} {screen.pk}": screen
            for model in (Display, Kiosk)
            for screen in model._default_manager.order_by("name")
        }
        self.fields["screen"].choices = [  # type: ignore[attr-defined]
            (model._meta.verbose_name_plural, [(k, s.name) for k, s in self.screens.items() if isinstance(s, model)])
            for model in (Display, Kiosk)
        ]

    def confirm(self, request: HttpRequest) -> Device | None:
        """The paired device, or None and an error on the code."""
        screen = self.screens[self.cleaned_data["screen"]]
        try:
            return pairing.confirm(self.cleaned_data["code"], screen, actor=request.user, at=timezone.now())
        except TicketError as refusal:
            self.add_error("code", str(refusal))
            return None


@admin.register(Device)
class DeviceAdmin(TrackedAdmin):
    """Paired by the page *Pair a screen*, taken back by deleting; there is nothing to change."""

    list_display = ["screen", "heard", "audio", "build", "paired_at", "paired_by"]
    list_display_links = ["screen"]
    list_select_related = ["display", "kiosk"]
    ordering = ["display__name", "kiosk__name", "pk"]
    fields = ["display", "kiosk", "paired_at", "paired_by"]
    change_list_template = "admin/queueing/device/change_list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Device]:
        devices: QuerySet[Device] = super().get_queryset(request)
        return devices.annotate(_beat=Subquery(screens.latest_of(OuterRef("pk"))))

    @admin.display(description=_("screen"))
    def screen(self, device: Device) -> str:
        return str(device)

    @admin.display(description=_("last heard of"))
    def heard(self, device: Any) -> str:
        if not device._beat:
            return gettext("not in the last day")
        heard = datetime.fromisoformat(device._beat["at"])
        ago = timezone.now() - heard
        if ago < screens.SILENT_AFTER:
            return gettext("%(seconds)s s ago") % {"seconds": max(0, int(ago.total_seconds()))}
        return gettext("silent since %(time)s") % {"time": date_format(timezone.localtime(heard), "DATETIME_FORMAT")}

    @admin.display(description=_("sound"))
    def audio(self, device: Any) -> str:
        return str(screens.SOUND.get((device._beat or {}).get("audio", ""), "–"))

    @admin.display(description=_("build"))
    def build(self, device: Any) -> str:
        return str((device._beat or {}).get("build") or "–")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.pair_view)
        return [path("pair/", view, name="queueing_device_pair"), *super().get_urls()]

    def pair_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("queueing.pair_device"):
            raise PermissionDenied
        form = PairForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and (device := form.confirm(request)):
            sentence = gettext("%(screen)s is paired. The screen shows it in a few seconds.")
            messages.success(request, sentence % {"screen": device.display or device.kiosk})
            return redirect("admin:queueing_device_changelist")
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "title": gettext("Pair a screen")}
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/queueing/device/pair.html", {**frame, "form": form}, status=status)
