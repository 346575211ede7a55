"""How far each reader of history has come, what it did, and what it could not do."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from queueing.fields import TransactionIdField


class Cursor(models.Model):
    """How far one sink has read history, which worker reads for it, and how it is doing."""

    class State(models.TextChoices):
        WORKING = "working", _("Working")
        #: The breaker is open: too many failures in a row, so it waits before it looks again.
        OPEN = "open", _("Waiting after failures")
        #: One cheap question is asked before anything else is tried.
        HALF_OPEN = "half_open", _("Trying again")
        #: The columns of both sides differ.
        BLOCKED = "blocked", _("Blocked until migrated")
        #: Of the audit trail: there is an event that it cannot seal, and it never skips one.
        STOPPED = "stopped", _("Stopped at an event")

    sink = models.CharField(_("sink"), max_length=20, primary_key=True)
    low = TransactionIdField(_("read up to transaction"), default=0)
    #: The `pg_snapshot` in which the sink last read, for sinks that read by state.
    snapshot = models.TextField(_("snapshot"), blank=True)
    updated_at = models.DateTimeField(_("last moved"))
    #: host:pid of the worker that reads for this sink.
    leader = models.CharField(_("leader"), max_length=100, blank=True)
    #: How often another worker took over. Whoever carries an older number can no longer write.
    epoch = models.PositiveBigIntegerField(_("epoch"), default=0)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WORKING)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    error = models.TextField(_("error"), blank=True)
    retry_at = models.DateTimeField(_("next try"), null=True)
    #: Batches that were begun and never ended, because the process died in the middle.
    begun = models.PositiveSmallIntegerField(_("batches cut off"), default=0)
    #: After several of those: the one thing that is being tried.
    trying = models.CharField(_("trying"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("delivery")
        constraints = [
            models.CheckConstraint(condition=~Q(sink=""), name="cursor_has_a_sink"),
            models.CheckConstraint(
                condition=Q(state="working") | ~Q(error=""), name="cursor_says_why_it_does_not_work"
            ),
        ]

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
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
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


class DeadLetter(models.Model):
    """A row that a sink could not take, put aside so that the rest goes on. It is tried again as it is then."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("Open")
        DELIVERED = "delivered", _("Delivered")
        DISCARDED = "discarded", _("Discarded")

    sink = models.CharField(_("sink"), max_length=20)
    model = models.CharField(_("model"), max_length=60)
    object_id = models.BigIntegerField(_("row"))
    #: Kind and code of the error; never values of the row.
    error = models.TextField(_("error"))
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    parked_at = models.DateTimeField(_("put aside"))
    #: When the worker tries again by itself; null when a person has to ask for it.
    retry_at = models.DateTimeField(_("next try"), null=True)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome, default=Outcome.OPEN)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = models.CharField(_("closed by"), max_length=150, blank=True)
    reason = models.CharField(_("why"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
        constraints = [
            models.UniqueConstraint(
                fields=["sink", "model", "object_id"], condition=Q(outcome="open"), name="dead_letter_is_open_once"
            ),
            models.CheckConstraint(condition=Q(attempts__gt=0), name="dead_letter_took_an_attempt"),
            models.CheckConstraint(
                condition=Q(outcome="open", closed_at=None) | (~Q(outcome="open") & Q(closed_at__isnull=False)),
                name="dead_letter_is_closed_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="discarded") | ~Q(reason=""), name="dead_letter_is_discarded_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sink}: {self.model} {self.object_id}"


class WorkerBeat(models.Model):
    """A worker process that is alive. It renews its row, and takes it away when it ends as asked."""

    class WakePath(models.TextChoices):
        LISTEN = "listen", _("woken on commit")
        POLL = "poll", _("looks every second")

    #: host:pid
    worker = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField()
    wake_path = models.CharField(max_length=6, choices=WakePath, default=WakePath.POLL)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(worker=""), name="worker_beat_has_a_worker")]

    def __str__(self) -> str:
        return self.worker
