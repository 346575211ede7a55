from __future__ import annotations

import pytest
from django.db import connection

from queueing import checks, models
from queueing.checks import TRIGGERS


class TestChecks:
    def test_finds_every_model_tracked(self):
        assert checks.every_model_is_tracked(None) == []

    def test_names_a_model_that_could_change_without_history(self, monkeypatch):
        monkeypatch.setattr(checks, "TRACKED", tuple(m for m in models.TRACKED if m is not models.Room))

        assert [(e.id, e.obj) for e in checks.every_model_is_tracked(None)] == [("queueing.E001", models.Room)]

    def test_finds_every_trigger(self, db):
        assert checks.every_trigger_stands(["default"]) == []

    @pytest.mark.parametrize("trigger", sorted(TRIGGERS))
    def test_names_a_trigger_that_was_dropped_or_disabled(self, db, trigger):
        with connection.cursor() as cursor:
            cursor.execute("SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = %s", [trigger])
            cursor.execute(f"ALTER TABLE {cursor.fetchone()[0]} DISABLE TRIGGER {trigger}")

        assert [e.id for e in checks.every_trigger_stands(["default"])] == ["queueing.E002"]
