from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save
from django.utils.translation import gettext_lazy as _


class QueueingConfig(AppConfig):
    name = "queueing"
    verbose_name = _("Clinic")

    def ready(self) -> None:
        from queueing import checks, groups, models, signals  # noqa: F401

        for model in models.TRACKED:
            post_save.connect(signals.record_save, sender=model)
            post_delete.connect(signals.record_delete, sender=model)
        post_migrate.connect(groups.make_groups, sender=self)
