"""Names of channel groups."""

from __future__ import annotations

#: Everybody who is live: ticks, and the word that the screens themselves have changed.
TICKS = "ticks"
#: All desks: what was shown on which display.
DESKS = "desks"


def line(service_id: int) -> str:
    """Those who see the board of this service."""
    return f"line.{service_id}"


def device(device_id: int) -> str:
    """The screen that was paired as this device."""
    return f"device.{device_id}"
