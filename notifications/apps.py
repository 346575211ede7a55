from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Who hears of it")

    def ready(self) -> None:
        from notifications import checks, rights, roles, signals  # noqa: F401 - two of them register themselves

        post_migrate.connect(rights.give, sender=self)
        pre_migrate.connect(roles.refuse_without_ownership, sender=self)
        post_migrate.connect(roles.grant, sender=self)
