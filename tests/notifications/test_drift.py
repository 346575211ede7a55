"""The columns of primary and replica differ."""

from __future__ import annotations

import pytest

from notifications import comparison, retry
from notifications.models import DeadLetter
from notifications.sinks.replica import ReplicaSink

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


class TestDrift:
    def test_blocks_until_both_sides_are_migrated(self, clinic, on_replica):
        on_replica(
            "ALTER TABLE queueing_room ADD COLUMN floor integer",
            undo="ALTER TABLE queueing_room DROP COLUMN IF EXISTS floor",
        )
        clinic.room.name = "Cellar"
        clinic.room.save()
        sink = ReplicaSink()
        with pytest.raises(retry.Drift, match=r"queueing_room\.floor"):
            sink.step()
        on_replica("ALTER TABLE queueing_room DROP COLUMN floor")

        while sink.step():
            pass

        assert comparison.compare() == []

    @pytest.mark.parametrize(
        ("statement", "undo"),
        [
            ("ADD COLUMN floor integer NOT NULL", "DROP COLUMN floor"),
            ("ALTER COLUMN name TYPE varchar(3)", "ALTER COLUMN name TYPE varchar(40)"),
        ],
    )
    def test_is_not_taken_for_a_row_that_is_bad(self, clinic, on_replica, statement, undo):
        sink = ReplicaSink()
        while sink.step():
            pass
        on_replica("TRUNCATE queueing_room CASCADE")
        on_replica(f"ALTER TABLE queueing_room {statement}", undo=f"ALTER TABLE queueing_room {undo}")
        clinic.room.name = "Cellar"
        clinic.room.save()

        with pytest.raises(retry.Drift):
            sink.step()

        assert not DeadLetter.objects.exists()
