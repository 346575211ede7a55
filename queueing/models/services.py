"""What people queue for, and the row that orders those who do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from queueing.tracking import Tracked


class Service(Tracked):
    """What people queue for."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    prefix = models.CharField(
        _("prefix"),
        max_length=2,
        help_text=_("The letters of its codes, as A in A-014. They must not reveal the service."),
    )
    is_open = models.BooleanField(_("open"), default=True)
    at_kiosk = models.BooleanField(_("at kiosks"), default=True, help_text=_("Patients may take a ticket themselves."))
    names_on_displays = models.BooleanField(
        _("names on displays"), default=False, help_text=_("Of those patients who agreed. Else codes only.")
    )
    typical_minutes = models.PositiveSmallIntegerField(
        _("typical minutes"), default=10, help_text=_("Of one consultation, until enough have been measured.")
    )
    target_wait_minutes = models.PositiveSmallIntegerField(_("target wait in minutes"), default=30)
    high_head_start_minutes = models.PositiveIntegerField(
        _("head start of urgent, in minutes"),
        default=48 * 60,
        help_text=_("Urgent tickets count as if they had come so much earlier. A day is strict priority."),
    )
    medium_head_start_minutes = models.PositiveIntegerField(_("head start of soon, in minutes"), default=24 * 60)
    low_head_start_minutes = models.PositiveIntegerField(_("head start of routine, in minutes"), default=0)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        constraints = [
            models.UniqueConstraint(fields=["prefix"], name="service_prefix_is_its_own"),
            models.CheckConstraint(condition=Q(prefix__regex=r"^[A-Z]{1,2}$"), name="service_prefix_is_letters"),
            models.CheckConstraint(condition=Q(typical_minutes__gt=0), name="service_typical_minutes_is_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            Line.objects.get_or_create(service=self)

    def shown_on(self) -> set[int]:
        return {self.pk}

    def head_start(self, priority: str) -> int:
        """Microseconds that a ticket of this priority counts as having come earlier."""
        minutes: int = getattr(self, f"{priority}_head_start_minutes")
        return minutes * 60_000_000


# Every verb comes by these, so they go past the ORM, which would take longer than the server.
LOCK = "SELECT * FROM queueing_line WHERE service_id = ANY(%s) ORDER BY service_id FOR NO KEY UPDATE"
KEEP = "UPDATE queueing_line SET day = %s, last_number = %s, last_arrival = %s WHERE service_id = %s"
BUMP = "UPDATE queueing_line SET version = version + 1 WHERE service_id = ANY(%s)"


class LineQuerySet(models.QuerySet["Line"]):
    def locked(self, service_ids: Iterable[int]) -> dict[int, Line]:
        """Lock these lines until the transaction ends, in the one order that cannot deadlock."""
        return {line.pk: line for line in self.raw(LOCK, [list(service_ids)])}

    def bump(self, service_ids: set[int]) -> None:
        """Give the boards of these services a new version."""
        if len(service_ids) > 1:
            self.locked(service_ids)
        with connection.cursor() as cursor:
            cursor.execute(BUMP, [list(service_ids)])


class Line(models.Model):
    """The row that every change to a line locks. Apart from Service, so that no form can write it back."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="line")
    #: The clinic day that `last_number` belongs to. It never goes back, whatever the clock does.
    day = models.DateField(null=True)
    last_number = models.PositiveIntegerField(default=0)
    #: Microseconds since 1970 of the youngest arrival: no ticket of the line counts from later.
    last_arrival = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=1)

    objects = LineQuerySet.as_manager()

    def __str__(self) -> str:
        return f"line of service {self.pk}"

    def keep_counters(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(KEEP, [self.day, self.last_number, self.last_arrival, self.pk])
