"""Every test of the wall again, where a third of what screens hear is lost, some comes twice, and all of it late."""

from __future__ import annotations

import pytest

from tests.browser import lossy_layer
from tests.browser.test_wall import *  # noqa: F403


@pytest.fixture
def settings_module():
    return "tests.browser.lossy_settings"


def test_the_layer_is_as_bad_as_it_says():
    layer = lossy_layer.LossyLayer()
    fates = [layer.fate() for _ in range(10_000)]
    assert 0.28 < sum(not fate for fate in fates) / len(fates) < 0.32
    assert 0.08 < sum(len(fate) == 2 for fate in fates) / len(fates) < 0.12
    assert 2.9 < max(delay for fate in fates for delay in fate) < 3.0
