"""A report of `notifications.health` for Prometheus. What is unknown is left out: zero would be a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from notifications.health import Report
from notifications.models import Cursor, WorkerBeat

#: Values of the labels, and the number.
Sample = tuple[Sequence[str], float | None]

# What a progress holds by itself: its key, the name of the metric, what it means.
OF_SINKS = (
    ("pending_events", "sink_pending_events", "Events that the sink has not taken."),
    ("pending_bytes", "sink_pending_bytes", "Bytes of those events."),
    ("lag_seconds", "sink_lag_seconds", "Age of the oldest of those events."),
    ("oldest_pending_at", "sink_oldest_pending_timestamp_seconds", "When the oldest of those events happened."),
    ("failures", "sink_failures", "How often in a row the sink has failed."),
    ("epoch", "sink_epoch", "How often another worker took over."),
    ("dead_letters", "dead_letters", "Rows that were put aside and wait for a person."),
)
OF_BATCHES = (
    ("events", "sink_last_batch_events", "Events in the last batch that was taken."),
    ("seconds", "sink_last_batch_seconds", "How long the last batch took."),
    ("at", "sink_last_batch_timestamp_seconds", "When the last batch was taken."),
)


class Collector:
    """For one answer."""

    def __init__(self, report: Report, *, primary: bool, pool: Mapping[str, int]) -> None:
        self.report = report
        self.primary = primary
        self.pool = pool

    def collect(self) -> Iterator[Metric]:
        yield from self.of_sinks()
        yield from self.of_history()
        yield from self.of_machines()

    def of_sinks(self) -> Iterator[Metric]:
        sinks: Mapping[str, Any] = self.report["sinks"]
        batches = {sink: sinks[sink]["last_batch"] or {} for sink in sinks}
        for key, name, meaning in OF_SINKS:
            yield _gauge(name, meaning, ["sink"], [([sink], _number(sinks[sink][key])) for sink in sinks])
        for key, name, meaning in OF_BATCHES:
            yield _gauge(name, meaning, ["sink"], [([sink], _number(batches[sink].get(key))) for sink in sinks])
        states = [sample for sink in sinks for sample in _of_choice(sinks[sink]["state"], Cursor.State.values, sink)]
        yield _gauge("sink_state", "1 at the state of the sink.", ["sink", "state"], states)
        leaders = [([sink, sinks[sink]["leader"]], 1) for sink in sinks if sinks[sink]["leader"]]
        yield _gauge("sink_leader", "1 at the worker that reads for the sink.", ["sink", "leader"], leaders)

    def of_history(self) -> Iterator[Metric]:
        holder, head, compared = self.report["horizon"], self.report["chain_head"], self.report["last_comparison"]
        stall: list[Sample] = []
        if holder:
            stall = [([str(holder["pid"] or ""), holder["application"]], holder["seconds"])]
        meaning = "How long the oldest writer has kept readers in order waiting."
        yield _gauge("horizon_stall_seconds", meaning, ["pid", "application"], stall)
        yield _one("audit_head", "Number of the last entry of the audit trail.", head["seq"] if head else None)
        meaning = "Rows that the last comparison with the replica found different."
        yield _one("comparison_differences", meaning, compared["differences"] if compared else None)
        meaning = "When the replica was compared last."
        yield _one("comparison_timestamp_seconds", meaning, _number(compared["at"]) if compared else None)

    def of_machines(self) -> Iterator[Metric]:
        report, worker = self.report, self.report["worker"]
        yield _one("primary_up", "1 if the primary answers.", self.primary)
        yield _one("replica_up", "1 if the replica answers.", report["replica"] == "ok")
        yield _one("channel_layer_up", "1 if Redis answers.", report["channel_layer"] == "ok")
        yield _one("worker_up", "1 if a worker lives.", worker["state"] == "ok" if self.primary else None)
        paths = _of_choice(worker["wake_path"], WorkerBeat.WakePath.values)
        yield _gauge("worker_wake_path", "1 at the way in which workers are woken.", ["path"], paths)
        for name, number in self.pool.items():
            yield _one(f"pool_{name}", "Connections of this web process to the primary.", number)
        meaning = "Entries of the activity log that this web process has lost."
        yield CounterMetricFamily("clinic_activity_dropped", meaning, value=report["activity_dropped"])


def text(report: Report, *, primary: bool, pool: Mapping[str, int]) -> bytes:
    registry = CollectorRegistry()
    registry.register(Collector(report, primary=primary, pool=pool))
    return generate_latest(registry)


def _gauge(name: str, meaning: str, labels: Sequence[str], samples: Iterable[Sample]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"clinic_{name}", meaning, labels=labels)
    for values, number in samples:
        if number is not None:
            family.add_metric(values, number)
    return family


def _one(name: str, meaning: str, number: float | None) -> GaugeMetricFamily:
    return _gauge(name, meaning, [], [([], number)])


def _of_choice(chosen: str | None, choices: Iterable[str], *labels: str) -> list[Sample]:
    return [([*labels, choice], float(choice == chosen)) for choice in choices] if chosen is not None else []


def _number(value: float | str | None) -> float | None:
    """Moments in seconds since 1970."""
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) else value
