"""The only home of personal data."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from queueing.tracking import Tracked


class Patient(Tracked):
    """Somebody who waits. Tickets can do without."""

    personal = frozenset({"reference", "name", "phone"})

    reference = models.CharField(_("reference"), max_length=40, null=True, blank=True)  # noqa: DJ001
    name = models.CharField(_("name"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    show_name = models.BooleanField(
        _("show the name"), default=False, help_text=_("The patient agreed that screens show the name.")
    )

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        constraints = [models.UniqueConstraint(fields=["reference"], name="patient_reference_is_its_own")]

    def __str__(self) -> str:
        return f"{self.name or self.reference or _('patient')} (#{self.pk})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.reference = self.reference or None  # an empty reference is no reference, and may stand twice
        super().save(*args, **kwargs)

    def shown_on(self) -> set[int]:
        return set(self.tickets.open().values_list("service_id", flat=True))
