"""History, sealed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from queueing.history import PLAIN_VERBS
from queueing.models import Event

#: What was done to a row, by the last word of a verb.
ACTIONS = {word: action for action, word in PLAIN_VERBS.items()}


class AuditEntry(models.Model):
    """One event, sealed: its number leaves no gap, its hash covers it and the hash before it. Never changed."""

    seq = models.BigIntegerField(_("number"), primary_key=True)
    event_id = models.BigIntegerField(_("event"))
    at = models.DateTimeField(_("when"))
    actor = models.CharField(_("who"), max_length=150, blank=True)
    sentence = models.TextField(_("what happened"))
    verb = models.CharField(_("verb"), max_length=60)
    model = models.CharField(_("model"), max_length=60)
    object_id = models.BigIntegerField(_("row"))
    changes = models.JSONField(_("changes"), default=dict)
    reason = models.CharField(_("why"), max_length=500, blank=True)
    #: SHA-256 in hexadecimal.
    hash = models.CharField(_("hash"), max_length=64)
    previous_hash = models.CharField(_("hash before"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        constraints = [
            models.CheckConstraint(condition=Q(seq__gt=0), name="audit_entry_seq_is_positive"),
            models.UniqueConstraint(fields=["event_id"], name="audit_entry_seals_an_event_once"),
            models.UniqueConstraint(fields=["hash"], name="audit_entry_hash_is_its_own"),
            models.CheckConstraint(
                condition=Q(seq=1, previous_hash="") | (Q(seq__gt=1) & ~Q(previous_hash="")),
                name="audit_entry_follows_another_but_the_first",
            ),
        ]
        indexes = [models.Index(fields=["model", "object_id"], name="audit_entries_of_a_row")]

    def __str__(self) -> str:
        return f"#{self.seq} {self.sentence}"

    @property
    def action(self) -> str:
        """With `service_id`, what `notifications.sentences` asks of an event, which may have been pruned."""
        return ACTIONS.get(self.verb.rpartition(".")[2], Event.Action.NOTE)

    @property
    def service_id(self) -> int | None:
        before, after = self.changes.get("service_id", [None, None])
        found: int | None = after or before
        return found


class AuditAnchor(models.Model):
    """On the replica: what the head of the audit trail was, out of reach of whoever rewrites the trail."""

    seq = models.BigIntegerField(primary_key=True)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gt=0), name="audit_anchor_seq_is_positive")]

    def __str__(self) -> str:
        return f"#{self.seq} {self.hash[:12]}"
