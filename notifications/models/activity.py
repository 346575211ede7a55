"""What changed no row."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Activity(models.Model):
    """What somebody or something did that changed no row: signed in, showed a call, is still there."""

    at = models.DateTimeField(_("when"))
    kind = models.CharField(_("kind"), max_length=40)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    detail = models.JSONField(_("detail"), default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activity")
        constraints = [models.CheckConstraint(condition=~Q(kind=""), name="activity_has_a_kind")]
        indexes = [models.Index(fields=["kind", "-at"], name="activity_latest_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.actor}".strip()
