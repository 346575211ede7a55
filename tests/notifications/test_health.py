from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from notifications import boards, direct, health, progress
from notifications.models import AuditEntry, Comparison, Cursor, DeadLetter, WorkerBeat

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
            assert sink["oldest_pending_at"] == ticket.issued_at.isoformat()
            assert sink["last_batch"]["events"] > 0

    def test_counts_nothing_after_a_delivery(self, clinic, redis):
        call_command("deliver", once=True)

        assert {sink["pending_events"] for sink in health.report()["sinks"].values()} == {0}

    @pytest.mark.parametrize(("seconds", "state"), [(1, "ok"), (60, "silent")])
    def test_tells_a_worker_that_lives_from_a_silent_one(self, redis, seconds, state):
        WorkerBeat.objects.create(worker="host:1", at=timezone.now() - timedelta(seconds=seconds))

        assert health.report()["worker"]["state"] == state

    @pytest.mark.parametrize(
        ("paths", "path"), [((), None), (("poll",), "poll"), (("poll", "listen"), "listen"), (("old", "poll"), "poll")]
    )
    def test_says_how_the_workers_that_live_are_woken(self, redis, paths, path):
        for number, each in enumerate(paths):
            at = timezone.now() - timedelta(seconds=60 if each == "old" else 0)
            WorkerBeat.objects.create(worker=f"host:{number}", at=at, wake_path=each.replace("old", "listen"))

        assert health.report()["worker"]["wake_path"] == path

    def test_says_how_a_sink_is_doing(self, clinic, redis):
        now = timezone.now()
        asked = {"low": 0, "updated_at": now, "failures": 7, "leader": "host:1", "epoch": 3, "retry_at": now}
        told = Cursor.objects.create(sink="replica", state="open", error="down", **asked)
        for number, outcome in enumerate(["open", "open", "delivered"]):
            at = now - timedelta(hours=number)
            closed = None if outcome == "open" else now
            letter = {"sink": "replica", "model": "queueing.patient", "object_id": number, "error": "22P05"}
            DeadLetter.objects.create(**letter, parked_at=at, outcome=outcome, closed_at=closed)

        found = health.report()["sinks"]["replica"]

        assert (found["state"], found["error"], found["failures"]) == ("open", "down", 7)
        assert (found["leader"], found["epoch"]) == ("host:1", 3)
        assert found["retry_at"] == told.retry_at.isoformat()
        assert (found["dead_letters"], found["oldest_dead_letter_at"]) == (2, (now - timedelta(hours=1)).isoformat())

    def test_says_what_was_compared_and_sealed_last(self, clinic, redis):
        assert (health.report()["last_comparison"], health.report()["chain_head"]) == (None, None)
        call_command("deliver", once=True)
        for days, differences in ((2, 5), (1, 3)):
            Comparison.objects.create(at=timezone.now() - timedelta(days=days), rows=9, differences=differences)

        report = health.report()

        assert report["last_comparison"]["differences"] == 3
        head = AuditEntry.objects.latest("seq")
        assert report["chain_head"] == {"seq": head.seq, "hash": head.hash}

    def test_knows_nothing_of_a_primary_that_is_down(self, redis, monkeypatch):
        def fail():
            raise OperationalError("connection refused")

        monkeypatch.setattr(connection, "cursor", fail)

        report = health.report()

        assert report["sinks"]["audit"] == progress.UNKNOWN
        assert report["replica"] == "ok"

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
