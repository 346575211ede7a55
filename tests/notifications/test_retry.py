from __future__ import annotations

import pytest

from notifications import retry


def longest(low, high):
    return high


class TestDelay:
    @pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.5), (2, 1), (3, 2), (6, 16), (7, 30), (1000, 30)])
    def test_doubles_its_limit_up_to_half_a_minute(self, attempt, seconds):
        assert retry.delay(attempt=attempt, uniform=longest) == seconds

    def test_is_anything_between_nothing_and_the_limit(self):
        delays = [retry.delay(attempt=3) for _ in range(1000)]

        assert 0 <= min(delays) < 0.2
        assert 1.8 < max(delays) <= 2
