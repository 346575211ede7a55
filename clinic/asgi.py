"""What daphne serves: pages, and the sockets of screens."""

from __future__ import annotations

import os
import resource
from contextlib import suppress

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
# Each screen is an open file, and most systems begin with 1,024. Who may open more has to say so.
with suppress(ValueError, OSError):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
pages = get_asgi_application()  # before anything that imports models

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from clinic.origins import ExactOrigin  # noqa: E402
from notifications.routing import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter({"http": pages, "websocket": ExactOrigin(URLRouter(websocket_urlpatterns))})
