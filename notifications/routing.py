"""Addresses of sockets."""

from __future__ import annotations

from channels.auth import AuthMiddlewareStack
from django.urls import path, re_path

from notifications import consumers

websocket_urlpatterns = [
    # Only the desk looks at the session: thousands of displays would look it up in vain.
    path("ws/desk/", AuthMiddlewareStack(consumers.DeskConsumer.as_asgi())),
    path("ws/display/<slug:slug>/", consumers.DisplayConsumer.as_asgi()),
    path("ws/ticket/<str:token>/", consumers.TicketConsumer.as_asgi()),
    re_path(r"", consumers.NobodyConsumer.as_asgi()),
]
