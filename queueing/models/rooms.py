"""Where people are served, and the screens on its walls."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from queueing.models.services import Service
from queueing.tracking import Tracked


class Room(Tracked):
    """Where people are served."""

    name = models.CharField(_("name"), max_length=40, unique=True)
    is_open = models.BooleanField(_("open"), default=True)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

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
        return f"room {self.room_id} serves service {self.service_id}"

    def shown_on(self) -> set[int]:
        return {self.service_id, self._before.get("service_id", self.service_id)}


class Display(Tracked):
    """A screen on a wall."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("address"), unique=True, help_text=_("It opens at /display/<address>/."))

    class Meta:
        verbose_name = _("display")
        verbose_name_plural = _("displays")

    def __str__(self) -> str:
        return self.name


class DisplayService(Tracked):
    """A service that a display shows."""

    display = models.ForeignKey(Display, on_delete=models.CASCADE, related_name="shows", verbose_name=_("display"))
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="displays", verbose_name=_("service"))

    class Meta:
        verbose_name = _("service of a display")
        verbose_name_plural = _("services of a display")
        constraints = [models.UniqueConstraint(fields=["display", "service"], name="display_shows_a_service_once")]

    def __str__(self) -> str:
        return f"display {self.display_id} shows service {self.service_id}"
