"""Letting a browser be a display or a kiosk: it shows six letters, and a person who may types them in the admin.

The browser keeps a token, the database only its hash: who reads the database cannot pose as a screen. A token is
always one of ours and new with each code, so that nobody can leave a token of their own in a browser and share it.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from queueing.acting import Person, act
from queueing.models import Device, Display, Kiosk, PairingCode
from queueing.refusals import TooManyAsk, UnknownCode

#: The name under which a browser keeps its token.
COOKIE = "device"
#: Told apart from across a room, and spelling no words.
ALPHABET = "CDFGHJKLMNPRTVWX"
LETTERS = 6
LIFETIME = timedelta(minutes=10)
#: So many browsers may ask at once.
MOST = 100

TAKE = "DELETE FROM queueing_pairingcode WHERE code = %s AND asked_at > %s RETURNING token_hash"


def ask(*, at: datetime) -> tuple[str, PairingCode]:
    """A new token for a browser, and the code for it to show.

    :raises TooManyAsk: if as many browsers ask as may
    """
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        _lock()
        PairingCode.objects.filter(asked_at__lte=at - LIFETIME).delete()
        taken = set(PairingCode.objects.values_list("code", flat=True))
        if len(taken) >= MOST:
            raise TooManyAsk(_("Too many screens ask to be paired. Please try again in a few minutes."))
        return token, PairingCode.objects.create(code=_free(taken), token_hash=hashed(token), asked_at=at)


def pending(token: str, *, at: datetime) -> PairingCode | None:
    """What the browser with this token asked for, while it may still be confirmed."""
    return PairingCode.objects.filter(token_hash=hashed(token), asked_at__gt=at - LIFETIME).first() if token else None


def confirm(code: str, screen: Display | Kiosk, *, actor: Person, at: datetime) -> Device:
    """The browser that shows this code is this screen from now on. Case, spaces and hyphens do not matter.

    :raises NotAllowed: if the person has no right to pair
    :raises UnknownCode: if no browser shows it, or not any more
    """
    with act("device.paired", "pair_device", actor=actor, at=at):
        device = Device(token_hash=_take(code, at), paired_at=at, paired_by=actor.get_username())
        setattr(device, kind(screen), screen)
        device.save()
    return device


def device_with(token: str) -> Device | None:
    if not token:
        return None
    return Device.objects.filter(token_hash=hashed(token)).select_related("display", "kiosk").first()


def may_open(screen: Display | Kiosk, *, token: str, user: Person) -> bool:
    """Open to all, paired as this screen, or a person who looks what it shows."""
    return screen.open_to_all or device_of(screen, token) is not None or may_view(screen, user)


def device_of(screen: Display | Kiosk, token: str) -> Device | None:
    """The device with this token, if it is this screen."""
    return screen.devices.filter(token_hash=hashed(token)).first() if token else None


def may_view(screen: Display | Kiosk, user: Person) -> bool:
    return user.has_perm(f"queueing.view_{kind(screen)}")


def kind(screen: Display | Kiosk) -> str:
    """display or kiosk"""
    return str(screen._meta.model_name)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _lock() -> None:
    """One asks at a time, so that they can be counted."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE queueing_pairingcode IN SHARE ROW EXCLUSIVE MODE")


def _free(taken: set[str]) -> str:
    while (code := "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))) in taken:
        pass
    return code


def _take(code: str, at: datetime) -> str:
    """In one statement, so that of two who type the same code one gets it."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, ["".join(filter(str.isalpha, code)).upper(), at - LIFETIME])
        found = cursor.fetchone()
    if found is None:
        raise UnknownCode(
            _("No screen shows this code now. Nothing was changed: please read it again, it changes every 10 minutes.")
        )
    return str(found[0])
