"""What hangs on walls and stands at doors, and the browsers that were let be one of them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from queueing.models.services import Service
from queueing.tracking import Tracked


def known_languages(codes: str) -> None:
    """
    :raises ValidationError: if one of them is no language of the clinic, or stands twice
    """
    asked = codes.split()
    if unknown := [code for code in asked if code not in dict(settings.LANGUAGES)]:
        known = " ".join(code for code, _name in settings.LANGUAGES)
        raise ValidationError(
            _("Unknown: %(unknown)s. Known are: %(known)s"), params={"unknown": unknown[0], "known": known}
        )
    if len(set(asked)) < len(asked):
        raise ValidationError(_("A language stands twice."))


class Screen(Tracked):
    """What displays and kiosks have in common."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("address"), unique=True)
    languages = models.CharField(
        _("languages"),
        max_length=60,
        default="en",
        validators=[known_languages],
        help_text=_("Codes in the order in which they are shown: en es fr pt-br ar."),
    )
    opens_at = models.TimeField(_("opens at"), null=True, blank=True, help_text=_("Empty: it never closes."))
    closes_at = models.TimeField(_("closes at"), null=True, blank=True)
    open_to_all = models.BooleanField(
        _("open to all"), default=False, help_text=_("Any browser on the network may open it, without being paired.")
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def is_open_at(self, at: datetime) -> bool:
        """By the clinic's time of day; over midnight where it closes before it opens."""
        if self.opens_at is None or self.closes_at is None or self.opens_at == self.closes_at:
            return True
        time = timezone.localtime(at).time()
        if self.opens_at < self.closes_at:
            return self.opens_at <= time < self.closes_at
        return time >= self.opens_at or time < self.closes_at

    def clean(self) -> None:
        super().clean()
        if (self.opens_at is None) != (self.closes_at is None):
            raise ValidationError({"closes_at": _("Give both times or none.")})


class Display(Screen):
    """A screen on a wall."""

    class Layout(models.TextChoices):
        AUTO = "auto", _("As the screen is turned")
        LANDSCAPE = "landscape", _("Landscape")
        PORTRAIT = "portrait", _("Portrait")

    class Sound(models.TextChoices):
        SPEECH = "speech", _("Chime and speech")
        CHIME = "chime", _("Chime only")
        SILENT = "silent", _("Silent")

    layout = models.CharField(_("layout"), max_length=9, choices=Layout, default=Layout.AUTO)
    screen_inches = models.PositiveSmallIntegerField(
        _("screen diagonal, in inches"), default=43, validators=[MinValueValidator(7), MaxValueValidator(200)]
    )
    viewing_distance_m = models.FloatField(
        _("viewing distance, in metres"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text=_("From the screen to the last seat. Letters are made large enough for it."),
    )
    earlier_calls = models.PositiveSmallIntegerField(
        _("earlier calls"),
        default=5,
        validators=[MaxValueValidator(8)],
        help_text=_("So many stand beside the latest."),
    )
    sound = models.CharField(_("sound"), max_length=7, choices=Sound, default=Sound.SPEECH)

    class Meta:
        verbose_name = _("display")
        verbose_name_plural = _("displays")
        constraints = [
            models.CheckConstraint(
                condition=Q(screen_inches__range=(7, 200), viewing_distance_m__range=(1, 30), earlier_calls__lte=8),
                name="display_has_a_possible_size",
            ),
            models.CheckConstraint(
                condition=Q(layout__in=["auto", "landscape", "portrait"], sound__in=["speech", "chime", "silent"]),
                name="display_layout_and_sound_are_known",
            ),
        ]


class DisplayService(Tracked):
    """A service that a display shows."""

    display = models.ForeignKey(Display, on_delete=models.CASCADE, related_name="shows", verbose_name=_("display"))
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="displays", verbose_name=_("service"))

    class Meta:
        verbose_name = _("service of a display")
        verbose_name_plural = _("services of a display")
        constraints = [models.UniqueConstraint(fields=["display", "service"], name="display_shows_a_service_once")]

    def __str__(self) -> str:
        numbers = {"display": self.display_id, "service": self.service_id}
        return gettext("display %(display)s shows service %(service)s") % numbers


class Kiosk(Screen):
    """Where patients take a ticket themselves. It offers the services that are open and `at_kiosk`."""

    class Meta:
        verbose_name = _("kiosk")
        verbose_name_plural = _("kiosks")


class Device(Tracked):
    """A browser that is a display or a kiosk because a person said so. Deleting it takes that back."""

    personal = frozenset({"token_hash"})

    #: SHA-256 of what its cookie holds.
    token_hash = models.CharField(_("token"), max_length=64, unique=True)
    display = models.ForeignKey(
        Display, on_delete=models.CASCADE, null=True, blank=True, related_name="devices", verbose_name=_("display")
    )
    kiosk = models.ForeignKey(
        Kiosk, on_delete=models.CASCADE, null=True, blank=True, related_name="devices", verbose_name=_("kiosk")
    )
    paired_at = models.DateTimeField(_("paired"))
    paired_by = models.CharField(_("paired by"), max_length=150)

    class Meta:
        verbose_name = _("paired device")
        verbose_name_plural = _("paired devices")
        permissions = [("pair_device", _("Can pair displays and kiosks"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(display__isnull=False, kiosk__isnull=True) | Q(display__isnull=True, kiosk__isnull=False),
                name="device_is_one_display_or_one_kiosk",
            ),
            models.CheckConstraint(condition=~Q(paired_by=""), name="device_is_paired_by_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.display or self.kiosk} #{self.pk}"


class PairingCode(models.Model):
    """A browser that asks to be let in: the six letters it shows until somebody types them in the admin."""

    code = models.CharField(max_length=6, primary_key=True)
    token_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code
