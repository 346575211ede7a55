"""Every address."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import path
from django.views.generic import RedirectView

from clinic.views import boards, desk, display, errors, metrics, ops, overview, presses, room

handler500 = errors.server_error
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="desk"), name="home"),
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
    path("room/<int:room_id>/", room.room, name="room"),
    path("room/<int:room_id>/pause/", room.pause, name="pause-room"),
    path("room/<int:room_id>/resume/", room.resume, name="resume-room"),
    path("display/<slug:slug>/", display.display, name="display"),
    path("t/<str:token>/", RedirectView.as_view(), name="ticket-page"),
    path("boards/<int:service_id>.json", boards.board_json, name="board"),
    path("admin/", admin.site.urls),
    path("livez", ops.livez, name="livez"),
    path("readyz", ops.readyz, name="readyz"),
    path("health", ops.health, name="health"),
    path("metrics", metrics.metrics, name="metrics"),
]
