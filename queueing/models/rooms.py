"""Where people are served."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from queueing.models.services import Service
from queueing.tracking import Tracked


class Room(Tracked):
    """Where people are served."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    is_open = models.BooleanField(_("open"), default=True)
    closed_because = models.CharField(
        _("closed because"), max_length=60, blank=True, help_text=_("Shown at the desk: a break, until 13:00.")
    )

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        constraints = [
            models.CheckConstraint(
                condition=Q(is_open=False) | Q(closed_because=""),
                name="room_open_needs_no_reason",
                violation_error_message=_("An open room needs no reason: empty it, or close the room."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def shown_on(self) -> set[int]:
        return set(self.serves.values_list("service_id", flat=True))


class RoomService(Tracked):
    """A service that a room serves. A row each, so that every change is a save with its history."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="serves", verbose_name=_("room"))
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="rooms", verbose_name=_("service"))

    class Meta:
        verbose_name = _("service of a room")
        verbose_name_plural = _("services of a room")
        constraints = [models.UniqueConstraint(fields=["room", "service"], name="room_serves_a_service_once")]

    def __str__(self) -> str:
        return gettext("room %(room)s serves service %(service)s") % {"room": self.room_id, "service": self.service_id}

    def shown_on(self) -> set[int]:
        return {self.service_id, self._before.get("service_id", self.service_id)}
