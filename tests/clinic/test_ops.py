"""What load balancers and monitors are told."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.urls import reverse

from clinic.views import ops
from notifications import progress

SINK = {**progress.UNKNOWN, "pending_events": 0, "lag_seconds": 0.0, "state": "working", "dead_letters": 0}
WELL = {
    "sinks": dict.fromkeys(progress.SINKS, SINK),
    "channel_layer": "ok",
    "worker": {"last_beat": None, "state": "ok", "names": ["host:1"], "wake_path": "listen"},
    "replica": "ok",
    "horizon": None,
    "chain_head": None,
    "last_comparison": None,
    "activity_dropped": 0,
}
HOLDER = {"pid": 1, "application": "psql"}
COMPARED = {"at": "2026-03-02T09:00:00+00:00", "differences": 2}


@pytest.fixture
def primary_is_down(monkeypatch):
    def fail() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(ops.connection, "cursor", fail)


@pytest.fixture
def report(monkeypatch):
    """What the sinks report; a test changes it."""
    told = {**WELL}
    monkeypatch.setattr(ops.hearing, "report", lambda *, ask_primary: told)
    return told


class TestLivez:
    def test_answers_without_any_database(self, client):
        answer = client.get(reverse("livez"))

        assert (answer.status_code, answer.content) == (200, b"ok\n")

    def test_is_never_cached(self, client):
        assert "no-store" in client.get(reverse("livez"))["Cache-Control"]

    def test_refuses_to_be_written_to(self, client):
        assert client.post(reverse("livez")).status_code == 405


class TestReadyz:
    @pytest.mark.django_db
    def test_is_ready_when_the_primary_answers(self, client):
        assert client.get(reverse("readyz")).status_code == 200

    def test_is_not_ready_without_the_primary(self, client, primary_is_down):
        assert client.get(reverse("readyz")).status_code == 503


@pytest.mark.django_db
class TestHealth:
    def test_is_ok_when_everybody_is(self, client, report):
        answer = client.get(reverse("health"))

        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"

    @pytest.mark.parametrize("stranger", [{"REMOTE_ADDR": "10.0.0.7"}, {"headers": {"X-Forwarded-For": "10.0.0.7"}}])
    def test_tells_strangers_the_status_and_no_more(self, client, report, stranger):
        assert client.get(reverse("health"), **stranger).json() == {"status": "ok"}

    def test_tells_strangers_no_error(self, client, report):
        report["sinks"] = {"audit": {**SINK, "state": "stopped", "error": "event 7 of Ann"}}

        assert "Ann" in client.get(reverse("health")).content.decode()
        assert "Ann" not in client.get(reverse("health"), REMOTE_ADDR="10.0.0.7").content.decode()

    def test_tells_more_to_who_is_signed_in(self, client, report, maria):
        client.force_login(maria)

        assert "sinks" in client.get(reverse("health"), REMOTE_ADDR="10.0.0.7").json()

    def test_has_every_part(self, client, report):
        assert set(client.get(reverse("health")).json()) == {
            "status",
            "primary_database",
            "postgres_database",
            "sync_enabled",
            "pool_status",
            "sinks",
            "channel_layer",
            "worker",
            "horizon",
            "chain_head",
            "last_comparison",
            "activity_dropped",
        }

    @pytest.mark.parametrize(
        "failure",
        [
            {"replica": "down"},
            {"channel_layer": "down"},
            {"worker": {**WELL["worker"], "state": "silent"}},
            {"sinks": {"push": {**SINK, "lag_seconds": 61.0}}},
            {"sinks": {"audit": {**SINK, "state": "stopped", "error": "event 7"}}},
            {"sinks": {"replica": {**SINK, "state": None}}},
            {"sinks": {"replica": {**SINK, "dead_letters": 1}}},
            {"horizon": {**HOLDER, "seconds": 31.0}},
            {"last_comparison": {**COMPARED, "repaired": False}},
        ],
    )
    def test_is_degraded_and_still_200_when_others_fail(self, client, report, failure):
        report.update(failure)

        answer = client.get(reverse("health"))

        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")

    @pytest.mark.parametrize(
        "trifle", [{"horizon": {**HOLDER, "seconds": 29.0}}, {"last_comparison": {**COMPARED, "repaired": True}}]
    )
    def test_is_ok_over_what_passes_or_was_repaired(self, client, report, trifle):
        report.update(trifle)

        assert client.get(reverse("health")).json()["status"] == "ok"

    def test_is_down_and_503_without_the_primary(self, client, report, primary_is_down):
        answer = client.get(reverse("health"))

        assert (answer.status_code, answer.json()["status"]) == (503, "down")
        assert answer.json()["primary_database"] == "down"

    def test_takes_the_real_report(self, client):
        assert client.get(reverse("health")).json()["sinks"].keys() == {"audit", "replica", "push"}
