"""How far each reader of history has come, what it did, and what it keeps."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from queueing.fields import TransactionIdField


class Cursor(models.Model):
    """How far one sink has read history: everything before `low`, and what `snapshot` could see where it is set."""

    sink = models.CharField(_("sink"), max_length=20, primary_key=True)
    low = TransactionIdField(_("read up to transaction"), default=0)
    #: The `pg_snapshot` in which the sink last read, for sinks that read by state.
    snapshot = models.TextField(_("snapshot"), blank=True)
    updated_at = models.DateTimeField(_("last moved"))

    class Meta:
        verbose_name = _("cursor")
        verbose_name_plural = _("cursors")
        constraints = [models.CheckConstraint(condition=~Q(sink=""), name="cursor_has_a_sink")]

    def __str__(self) -> str:
        return f"{self.sink} up to {self.low}"


class Delivery(models.Model):
    """One batch of history that one sink took, or is failing to take."""

    class Outcome(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    sink = models.CharField(_("sink"), max_length=20)
    low_from = TransactionIdField(_("from transaction"))
    low_to = TransactionIdField(_("to transaction"))
    events = models.PositiveIntegerField(_("events"))
    bytes = models.PositiveBigIntegerField(_("bytes"))
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"))
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.CheckConstraint(condition=Q(attempts__gt=0), name="delivery_took_an_attempt"),
            models.CheckConstraint(condition=Q(low_to__gte=F("low_from")), name="delivery_never_goes_back"),
            models.CheckConstraint(
                condition=Q(outcome="delivered", error="") | (Q(outcome="failed") & ~Q(error="")),
                name="delivery_failed_with_an_error_and_only_then",
            ),
        ]
        indexes = [models.Index(fields=["sink", "-finished_at"], name="delivery_latest_of_a_sink")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.sink} {self.outcome}"


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


class AuditAnchor(models.Model):
    """On the replica: what the head of the audit trail was, out of reach of whoever rewrites the trail."""

    seq = models.BigIntegerField(primary_key=True)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gt=0), name="audit_anchor_seq_is_positive")]

    def __str__(self) -> str:
        return f"#{self.seq} {self.hash[:12]}"


class ReplicaState(models.Model):
    """On the replica, one row: which moment of the primary it shows. Written with the rows, so it is the truth."""

    low = TransactionIdField(default=0)
    snapshot = models.TextField(blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="replica_state_is_one_row")]

    def __str__(self) -> str:
        return f"up to {self.low}"


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


class WorkerBeat(models.Model):
    """A worker process that is alive. It renews its row, and takes it away when it ends as asked."""

    #: host:pid
    worker = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(worker=""), name="worker_beat_has_a_worker")]

    def __str__(self) -> str:
        return self.worker


UNTRACKED = {
    Cursor: "it says how far history was read",
    Delivery: "it says how history was read",
    AuditEntry: "it is history, sealed",
    AuditAnchor: "it lives on the replica and proves the audit trail",
    ReplicaState: "it lives on the replica and says what that shows",
    Activity: "it is a log of its own",
    WorkerBeat: "it is a sign of life",
}
