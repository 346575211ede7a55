from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.utils import timezone

from notifications import boards, direct, health
from notifications.models import WorkerBeat

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


class TestReport:
    def test_counts_what_waits_for_each_sink(self, clinic, desk, redis):
        call_command("deliver", once=True)
        ticket = desk.issue(clinic.first)

        report = health.report()

        for sink in report["sinks"].values():
            assert sink["pending_events"] == 1, ticket
            assert sink["pending_bytes"] > 100
            assert 0 <= sink["lag_seconds"] < 5
            assert sink["last_delivery_at"]

    def test_counts_nothing_after_a_delivery(self, clinic, redis):
        call_command("deliver", once=True)

        assert {sink["pending_events"] for sink in health.report()["sinks"].values()} == {0}

    @pytest.mark.parametrize(("seconds", "state"), [(1, "ok"), (60, "silent")])
    def test_tells_a_worker_that_lives_from_a_silent_one(self, redis, seconds, state):
        WorkerBeat.objects.create(worker="host:1", at=timezone.now() - timedelta(seconds=seconds))

        assert health.report()["worker"]["state"] == state

    def test_says_that_all_is_well(self, redis):
        report = health.report()

        assert (report["channel_layer"], report["replica"], report["worker"]["state"]) == ("ok", "ok", "none")

    def test_says_that_redis_is_down(self, settings, monkeypatch):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        monkeypatch.setattr(boards, "blocking_client", boards.blocking_client.__wrapped__)

        assert health.report()["channel_layer"] == "down"

    def test_says_that_the_replica_is_down_when_it_refuses(self, redis, monkeypatch):
        monkeypatch.setattr(direct, "params", lambda using, application: {"host": "/nowhere"})

        assert health.report()["replica"] == "down"

    def test_says_that_the_replica_is_down_when_it_never_answers(self, redis, monkeypatch):
        async def hang(**params):
            await health.asyncio.sleep(60)

        monkeypatch.setattr(health, "PATIENCE", 0.1)
        monkeypatch.setattr(psycopg.AsyncConnection, "connect", hang)

        assert health.report()["replica"] == "down"
