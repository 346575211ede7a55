"""Addresses of sockets."""

from __future__ import annotations

from channels.auth import AuthMiddlewareStack
from django.urls import path, re_path

from notifications import consumers, phones

websocket_urlpatterns = [
    path("ws/desk/", AuthMiddlewareStack(consumers.DeskConsumer.as_asgi())),
    # A screen has no session, so that none is looked up for it; people who look what it shows have one.
    path("ws/display/<slug:slug>/", AuthMiddlewareStack(consumers.DisplayConsumer.as_asgi())),
    path("ws/ticket/<str:token>/", phones.TicketConsumer.as_asgi()),
    re_path(r"", consumers.NobodyConsumer.as_asgi()),
]
