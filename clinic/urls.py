"""Every address."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from django.views.i18n import set_language

from clinic.views import (
    boards,
    clips,
    desk,
    display,
    errors,
    kiosk,
    metrics,
    ops,
    overview,
    pairing,
    presses,
    room,
    ticket_page,
)

handler500 = errors.server_error
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="desk"), name="home"),
    # Unchecked: from another site one could only change what a page is read in, and the ticket page sends no referrer.
    path("language/", csrf_exempt(set_language), name="language"),
    path("sign-in/", auth.LoginView.as_view(redirect_authenticated_user=True), name="sign-in"),
    path("sign-out/", auth.LogoutView.as_view(), name="sign-out"),
    path("desk/", desk.desk, name="desk"),
    path("desk/issue/", presses.issue, name="issue"),
    path("desk/rooms/<int:room_id>/call-next/", presses.call_next, name="call-next"),
    path("desk/tickets/<int:ticket_id>/", desk.ticket, name="ticket"),
    path("desk/tickets/<int:ticket_id>/print/", desk.print_ticket, name="print-ticket"),
    path("desk/tickets/<int:ticket_id>/<slug:verb>/", presses.act, name="act"),
    path("desk/events/<int:event_id>/undo/", presses.undo, name="undo"),
    path("desk/overview/", overview.overview, name="overview"),
    path("desk/settings/", presses.settings, name="desk-settings"),
    path("display/", pairing.pair, name="pair-display"),
    path("kiosk/", pairing.pair, name="pair-kiosk"),
    path("room/<int:room_id>/", room.room, name="room"),
    path("room/<int:room_id>/pause/", room.pause, name="pause-room"),
    path("room/<int:room_id>/resume/", room.resume, name="resume-room"),
    path("display/<slug:slug>/", display.display, name="display"),
    path("display/<slug:slug>/sizes.css", display.sizes, name="display-sizes"),
    path("kiosk/<slug:slug>/", kiosk.page, name="kiosk"),
    path("t/<str:token>/", ticket_page.page, name="ticket-page"),
    path("t/<str:token>/leave/", ticket_page.leave, name="ticket-leave"),
    path("t/<str:token>/<slug:verb>/", ticket_page.act, name="ticket-act"),
    re_path(r"^speech/(?P<name>[0-9a-f]{32})\.wav$", clips.clip, name="clip"),
    path("boards/<int:service_id>.json", boards.board_json, name="board"),
    path("admin/", admin.site.urls),
    path("livez", ops.livez, name="livez"),
    path("readyz", ops.readyz, name="readyz"),
    path("health", ops.health, name="health"),
    path("metrics", metrics.metrics, name="metrics"),
]
