"""What happened."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from queueing.fields import CurrentTransaction, EventBytes, TransactionIdField


class Event(models.Model):
    """One change, written by `queueing.history` in the transaction that made it, and never changed."""

    class Action(models.TextChoices):
        INSERT = "insert", _("added")
        UPDATE = "update", _("changed")
        DELETE = "delete", _("removed")
        NOTE = "note", _("noted")

    txid = TransactionIdField(db_default=CurrentTransaction(), editable=False)
    at = models.DateTimeField(_("when"))
    model = models.CharField(_("model"), max_length=60)
    object_id = models.BigIntegerField(_("row"))
    service_id = models.BigIntegerField(_("service"), null=True)
    action = models.CharField(_("action"), max_length=6, choices=Action)
    verb = models.CharField(_("what"), max_length=60)
    actor = models.CharField(_("who"), max_length=150, blank=True)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    #: The same action sent twice carries the same key, and happens once.
    key = models.CharField(_("key"), max_length=64, null=True, editable=False)  # noqa: DJ001
    changes = models.JSONField(_("changes"), default=dict)
    bytes = models.GeneratedField(expression=EventBytes(), output_field=models.IntegerField(), db_persist=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("history")
        constraints = [
            models.UniqueConstraint(fields=["key"], name="event_key_is_used_once"),
            models.CheckConstraint(condition=~Q(verb=""), name="event_says_what_happened"),
        ]
        indexes = [
            # Every sink reads from its transaction onwards.
            models.Index(fields=["txid"], name="event_by_transaction"),
            # The guard asks whether a row has an event in this transaction; the history page lists those of a row.
            models.Index(fields=["model", "object_id", "txid"], name="event_of_a_row"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.verb}"
