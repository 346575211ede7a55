"""What load balancers and monitors are told."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.urls import reverse

from clinic.views import ops

SINK = {"pending_events": 0, "pending_bytes": 0, "lag_seconds": 0.0, "last_delivery_at": None}
WELL = {
    "sinks": dict.fromkeys(("audit", "replica", "push"), SINK),
    "channel_layer": "ok",
    "worker": {"last_beat": None, "state": "ok"},
    "replica": "ok",
}


@pytest.fixture
def primary_is_down(monkeypatch):
    def fail() -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(ops.connection, "cursor", fail)


@pytest.fixture
def report(monkeypatch):
    """What the sinks report; a test changes it."""
    told = {**WELL}
    monkeypatch.setattr(ops.hearing, "report", lambda: told)
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
        }

    @pytest.mark.parametrize(
        "failure",
        [
            {"replica": "down"},
            {"channel_layer": "down"},
            {"worker": {"last_beat": None, "state": "silent"}},
            {"sinks": {"push": {**SINK, "lag_seconds": 61.0}}},
        ],
    )
    def test_is_degraded_and_still_200_when_others_fail(self, client, report, failure):
        report.update(failure)

        answer = client.get(reverse("health"))

        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")

    def test_is_down_and_503_without_the_primary(self, client, report, primary_is_down):
        answer = client.get(reverse("health"))

        assert (answer.status_code, answer.json()["status"]) == (503, "down")
        assert answer.json()["primary_database"] == "down"

    def test_takes_the_real_report(self, client):
        assert client.get(reverse("health")).json()["sinks"].keys() == {"audit", "replica", "push"}
