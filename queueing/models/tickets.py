"""One person's place. Each rule is a named constraint; the name is the rule."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from queueing.fields import new_token
from queueing.models.patients import Patient
from queueing.models.rooms import Room
from queueing.models.services import Service
from queueing.tracking import Tracked, TrackedQuerySet


class Priority(models.TextChoices):
    HIGH = "high", _("Urgent")
    MEDIUM = "medium", _("Soon")
    LOW = "low", _("Routine")


class TicketQuerySet(TrackedQuerySet):
    def waiting(self) -> TicketQuerySet:
        return self.filter(status=Ticket.Status.WAITING)

    def in_line(self) -> TicketQuerySet:
        return self.order_by("position", "id")

    def open(self) -> TicketQuerySet:
        return self.filter(status__in=OPEN)

    def in_room(self) -> TicketQuerySet:
        return self.filter(status__in=IN_ROOM)

    def recently_called(self) -> TicketQuerySet:
        return self.filter(called_at__isnull=False).order_by("-called_at", "-id")


class Ticket(Tracked):
    """One person's place. Changed by the verbs of `queueing.tickets` only."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        HELD = "held", _("On hold")
        CALLED = "called", _("Called")
        SERVING = "serving", _("With a clinician")
        COMPLETED = "completed", _("Completed")
        MISSED = "missed", _("Did not come")
        CANCELLED = "cancelled", _("Cancelled")

    class Outcome(models.TextChoices):
        SEEN = "seen", _("Seen")
        REFERRED = "referred", _("Referred elsewhere")
        LEFT = "left", _("Left before the end")
        DUPLICATE = "duplicate", _("Duplicate ticket")
        OTHER = "other", _("Other")

    #: Columns that say what a patient needs to come when called.
    NEEDS = ("needs_fetching", "needs_interpreter", "needs_wheelchair")
    personal = frozenset({"token", *NEEDS})

    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="tickets", db_index=False, verbose_name=_("service")
    )
    code = models.CharField(_("code"), max_length=12)
    day = models.DateField(_("day"))
    priority = models.CharField(_("priority"), max_length=6, choices=Priority, default=Priority.LOW)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.WAITING)
    #: Microseconds since 1970 from which the ticket counts as waiting; smaller is sooner. See docs/positions.md.
    position = models.BigIntegerField(_("position"))
    patient = models.ForeignKey(
        Patient,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        verbose_name=_("patient"),
    )
    room = models.ForeignKey(
        Room,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tickets",
        db_index=False,
        verbose_name=_("room"),
    )
    token = models.CharField(_("token"), max_length=22, default=new_token)
    call_count = models.PositiveSmallIntegerField(_("calls"), default=0)
    issued_at = models.DateTimeField(_("issued"))
    #: The latest call: calling again moves it.
    called_at = models.DateTimeField(_("called"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    completed_by = models.CharField(_("completed by"), max_length=150, blank=True)
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    #: Where the patient does not hear or see the call.
    needs_fetching = models.BooleanField(_("fetch in person"), default=False)
    needs_interpreter = models.BooleanField(_("interpreter"), default=False)
    needs_wheelchair = models.BooleanField(_("wheelchair"), default=False)
    #: When the patient answered the call: "I am coming".
    coming_at = models.DateTimeField(_("coming since"), null=True, blank=True)
    #: When the patient asked for more time; that can be done once.
    more_time_at = models.DateTimeField(_("asked for more time"), null=True, blank=True)
    #: Minutes that the patient was told when the ticket was issued.
    estimate_low = models.PositiveSmallIntegerField(_("told at least, in minutes"), null=True, blank=True)
    estimate_high = models.PositiveSmallIntegerField(_("told at most, in minutes"), null=True, blank=True)

    objects = TicketQuerySet.as_manager()  # type: ignore[misc]  # a manager with more than the base has

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        permissions = [
            ("issue_ticket", _("Can issue tickets")),
            ("call_ticket", _("Can call patients, start, and mark no-shows")),
            ("arrange_ticket", _("Can hold, put back, send on, prioritise, move and cancel")),
            ("complete_ticket", _("Can complete tickets")),
            ("reopen_ticket", _("Can reopen completed tickets")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "position"],
                condition=Q(status="waiting"),
                name="ticket_one_per_position_while_waiting",
            ),
            models.CheckConstraint(condition=Q(position__gt=0), name="ticket_position_is_positive"),
            models.UniqueConstraint(fields=["day", "code"], name="ticket_code_is_unique_in_a_day"),
            # Not `unique=True`, which has a second index for LIKE that every call would have to fill.
            models.UniqueConstraint(fields=["token"], name="ticket_token_is_its_own"),
            models.UniqueConstraint(
                fields=["room"],
                condition=Q(status__in=["called", "serving"]),
                name="ticket_one_open_per_room",
            ),
            models.UniqueConstraint(
                fields=["patient", "service"],
                condition=Q(status__in=["waiting", "held"]),
                name="ticket_patient_waits_once_per_service",
            ),
            models.CheckConstraint(
                condition=(Q(status="completed") & ~Q(completed_by="") & ~Q(outcome=""))
                | (~Q(status="completed") & Q(completed_by="", outcome="", reason="")),
                name="ticket_completed_by_a_person_and_only_then",
            ),
            models.CheckConstraint(
                condition=~Q(status="completed") | Q(outcome="seen") | ~Q(reason=""),
                name="ticket_unusual_outcome_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["called", "serving"]) | Q(room__isnull=False),
                name="ticket_called_or_serving_has_a_room",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["waiting", "held"],
                    called_at__isnull=True,
                    started_at__isnull=True,
                    ended_at__isnull=True,
                    room__isnull=True,
                )
                | Q(status="called", called_at__isnull=False, started_at__isnull=True, ended_at__isnull=True)
                | Q(status="serving", called_at__isnull=False, started_at__isnull=False, ended_at__isnull=True)
                | Q(status__in=["completed", "missed"], called_at__isnull=False, ended_at__isnull=False)
                | Q(status="cancelled", ended_at__isnull=False),
                name="ticket_times_agree_with_status",
            ),
            models.CheckConstraint(
                condition=Q(coming_at__isnull=True) | ~Q(status__in=["waiting", "held"]),
                name="ticket_comes_only_when_called",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["waiting", "held", "called", "serving", "completed", "missed", "cancelled"]),
                name="ticket_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(priority__in=["high", "medium", "low"]), name="ticket_priority_is_known"
            ),
        ]
        indexes = [
            # A board shows the latest calls of its service.
            models.Index(
                F("service"),
                F("called_at").desc(),
                name="ticket_recent_calls",
                condition=Q(called_at__isnull=False),
            ),
            # An estimate takes the mean of the last consultations.
            models.Index(
                F("service"), F("ended_at").desc(), name="ticket_recent_ends", condition=Q(status="completed")
            ),
            # The desk lists what is open; closed tickets of years must not slow it.
            models.Index(
                fields=["service", "status"],
                name="ticket_open",
                condition=Q(status__in=["waiting", "held", "called", "serving"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.day})"

    def shown_on(self) -> set[int]:
        return {self.service_id, self._before.get("service_id") or self.service_id}

    @property
    def is_waiting(self) -> bool:
        return self.status == self.Status.WAITING


WAITS = [Ticket.Status.WAITING, Ticket.Status.HELD]
IN_ROOM = [Ticket.Status.CALLED, Ticket.Status.SERVING]
OPEN = [*WAITS, *IN_ROOM]
