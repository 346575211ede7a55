"""The clinic's settings, but for a channel layer that loses, doubles and delays."""

from __future__ import annotations

from clinic.settings import *  # noqa: F403
from clinic.settings import CHANNEL_LAYERS

CHANNEL_LAYERS["default"]["BACKEND"] = "tests.browser.lossy_layer.LossyLayer"
