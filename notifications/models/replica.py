"""What the replica knows of itself, and what is known of the replica."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from queueing.fields import TransactionIdField


class ReplicaState(models.Model):
    """On the replica, one row: which moment of the primary it shows. Written with the rows, so it is the truth."""

    low = TransactionIdField(default=0)
    snapshot = models.TextField(blank=True)
    #: Of the worker that wrote last: one with an older number can no longer write.
    epoch = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="replica_state_is_one_row")]

    def __str__(self) -> str:
        return f"up to {self.low}"


class Comparison(models.Model):
    """One look at whether the replica shows what the primary holds."""

    at = models.DateTimeField(_("when"))
    rows = models.PositiveBigIntegerField(_("rows compared"))
    #: Rows that were not the same on both sides.
    differences = models.PositiveIntegerField(_("differences"))
    repaired = models.BooleanField(_("repaired"), default=False)

    class Meta:
        verbose_name = _("comparison with the replica")
        verbose_name_plural = _("comparisons with the replica")
        constraints = [
            models.CheckConstraint(
                condition=Q(repaired=False) | Q(differences__gt=0), name="comparison_repairs_what_differs"
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.differences}"


class Erasure(models.Model):
    """That a patient's personal data were removed, on both sides: it has to be done again after a restore."""

    patient_id = models.BigIntegerField(_("patient"), primary_key=True)
    at = models.DateTimeField(_("when"))
    actor = models.CharField(_("who"), max_length=150)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [models.CheckConstraint(condition=~Q(actor=""), name="erasure_has_an_actor")]

    def __str__(self) -> str:
        return gettext("patient %(number)s") % {"number": self.patient_id}
