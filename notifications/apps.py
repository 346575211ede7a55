from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("who hears of it")

    def ready(self) -> None:
        from notifications import checks, signals  # noqa: F401, PLC0415 - both register themselves
