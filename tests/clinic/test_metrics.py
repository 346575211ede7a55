"""What Prometheus is told, and who else."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.db import OperationalError, connection
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families

from notifications import activity, health, progress

AWAY = {"REMOTE_ADDR": "10.0.0.7"}
BATCH = {"events": 12, "seconds": 0.5, "at": "2026-03-02T09:00:00+00:00"}
SINK = {
    "pending_events": 3,
    "pending_bytes": 420,
    "lag_seconds": 1.5,
    "oldest_pending_at": "2026-03-02T09:00:00+00:00",
    "state": "open",
    "failures": 4,
    "error": "the secret of a row",
    "retry_at": "2026-03-02T09:00:01+00:00",
    "leader": 'host "a":1',
    "epoch": 2,
    "dead_letters": 1,
    "oldest_dead_letter_at": "2026-03-01T09:00:00+00:00",
    "last_batch": BATCH,
}
REPORT = {
    "sinks": {"audit": progress.UNKNOWN, "replica": SINK, "push": {**SINK, "last_batch": None, "leader": ""}},
    "worker": {"last_beat": BATCH["at"], "state": "ok", "names": ["host:1"], "wake_path": "poll"},
    "horizon": {"pid": 77, "application": "an import", "seconds": 31.5},
    "chain_head": {"seq": 900, "hash": "ab"},
    "last_comparison": {"at": BATCH["at"], "differences": 2, "repaired": False},
    "channel_layer": "down",
    "replica": "ok",
    "activity_dropped": 5,
}
LABELS = ("sink", "state", "leader", "path", "pid", "application")
NINE = 1772442000.0


def numbers(answer):
    """(name, values of its labels in the order of LABELS) -> number, as Prometheus reads them."""
    assert answer.status_code == 200, answer.content
    families = text_string_to_metric_families(answer.content.decode())
    samples = [sample for family in families for sample in family.samples]
    return {(s.name, *(s.labels[label] for label in LABELS if label in s.labels)): s.value for s in samples}


@pytest.fixture
def report(monkeypatch):
    monkeypatch.setattr(health, "report", lambda *, ask_primary: REPORT)


@pytest.fixture
def primary_is_down(monkeypatch):
    def fail():
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", fail)


@pytest.mark.django_db
class TestNumbers:
    def test_are_those_of_the_report(self, client, report):
        found = numbers(client.get(reverse("metrics")))

        told = {
            ("clinic_sink_pending_events", "replica"): 3,
            ("clinic_sink_pending_bytes", "replica"): 420,
            ("clinic_sink_lag_seconds", "replica"): 1.5,
            ("clinic_sink_oldest_pending_timestamp_seconds", "replica"): NINE,
            ("clinic_sink_state", "replica", "open"): 1,
            ("clinic_sink_state", "replica", "working"): 0,
            ("clinic_sink_leader", "replica", 'host "a":1'): 1,
            ("clinic_sink_epoch", "replica"): 2,
            ("clinic_sink_failures", "replica"): 4,
            ("clinic_dead_letters", "replica"): 1,
            ("clinic_sink_last_batch_events", "replica"): 12,
            ("clinic_sink_last_batch_seconds", "replica"): 0.5,
            ("clinic_sink_last_batch_timestamp_seconds", "replica"): NINE,
            ("clinic_worker_wake_path", "listen"): 0,
            ("clinic_worker_wake_path", "poll"): 1,
            ("clinic_horizon_stall_seconds", "77", "an import"): 31.5,
            ("clinic_audit_head",): 900,
            ("clinic_comparison_differences",): 2,
            ("clinic_comparison_timestamp_seconds",): NINE,
            ("clinic_activity_dropped_total",): 5,
            ("clinic_primary_up",): 1,
            ("clinic_replica_up",): 1,
            ("clinic_channel_layer_up",): 0,
            ("clinic_worker_up",): 1,
        }
        assert {key: found.get(key) for key in told} == told
        assert {"clinic_pool_size", "clinic_pool_waiting"} <= {key[0] for key in found}

    def test_leave_out_what_is_unknown(self, client, report):
        found = numbers(client.get(reverse("metrics")))

        assert not [key for key in found if "audit" in key[1:]]
        assert ("clinic_sink_last_batch_events", "push") not in found
        assert ("clinic_sink_leader", "push", "") not in found

    def test_hold_no_error(self, client, report):
        assert b"secret" not in client.get(reverse("metrics")).content

    def test_are_told_while_the_primary_is_down(self, client, primary_is_down):
        found = numbers(client.get(reverse("metrics")))

        assert found["clinic_primary_up",] == 0
        assert not [key for key in found if key[0].startswith("clinic_sink") or key[0] == "clinic_worker_up"]

    def test_are_told_of_the_real_clinic(self, client, service, monkeypatch):
        monkeypatch.setattr(activity.writer, "dropped", 7)
        found = numbers(client.get(reverse("metrics")))

        assert found["clinic_sink_pending_events", "audit"] == 1
        assert found["clinic_activity_dropped_total",] == 7


class TestReaders:
    @pytest.fixture(autouse=True)
    def always(self, report, monkeypatch):
        monkeypatch.setattr("clinic.views.ops.primary_answers", lambda: True)

    def status(self, client, **request):
        return client.get(reverse("metrics"), **request).status_code

    def test_are_on_this_machine(self, client):
        assert self.status(client) == 200

    @pytest.mark.parametrize("stranger", [AWAY, {"headers": {"X-Forwarded-For": "127.0.0.1"}}])
    def test_are_no_strangers(self, client, stranger):
        answer = client.get(reverse("metrics"), **stranger)

        assert answer.status_code == 403
        assert "METRICS_TOKEN" in answer.content.decode()
        assert "default-src 'none'" in answer["Content-Security-Policy"]

    @pytest.mark.parametrize(
        ("header", "status"),
        [
            ("Bearer s3cret", 200),
            ("bearer  s3cret", 200),
            ("Bearer wrong", 403),
            ("Basic s3cret", 403),
            ("Bearer é", 403),
        ],
    )
    def test_have_the_token(self, client, settings, header, status):
        settings.METRICS_TOKEN = "s3cret"

        assert self.status(client, **AWAY, headers={"Authorization": header}) == status

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer "])
    def test_cannot_have_a_token_that_is_not_set(self, client, header):
        assert self.status(client, **AWAY, headers={"Authorization": header}) == 403

    @pytest.mark.parametrize(
        ("address", "status"),
        [("10.0.0.7", 200), ("::ffff:10.0.0.7", 200), ("10.0.1.7", 403), ("fd00::1", 200), ("", 403)],
    )
    def test_have_an_address_that_is_allowed(self, client, settings, address, status):
        settings.METRICS_ALLOW = [ip_network("10.0.0.0/24"), ip_network("fd00::1")]

        assert self.status(client, REMOTE_ADDR=address) == status
        assert self.status(client, REMOTE_ADDR=address, headers={"X-Forwarded-For": "10.0.0.7"}) == 403

    def test_need_no_https(self, client, settings):
        settings.SECURE_SSL_REDIRECT = True

        assert self.status(client) == 200

    def test_do_not_write(self, client):
        assert client.post(reverse("metrics")).status_code == 405
