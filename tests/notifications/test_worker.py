from __future__ import annotations

import signal
import subprocess
import sys

import psycopg
import pytest
from django.core.management import call_command

from notifications import comparison, direct, health, retry, worker
from notifications.models import AuditEntry, Cursor, ReplicaState, WorkerBeat
from queueing.models import Event
from tests.notifications.asink import ASink
from tests.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


class TestCrashes:
    @pytest.fixture
    def crew(self, monkeypatch):
        monkeypatch.setattr(retry, "delay", lambda attempt: 0)
        made = []

        def crew(*failures):
            sinks = iter([ASink(failures=number, error=KeyError("a mistake")) for number in failures or [0]])
            made.append(worker.Worker({"audit": lambda: next(sinks)}))
            return made[-1]

        yield crew
        for each in made:
            each.end()

    def test_start_the_sink_again(self, crew):
        looked_after = crew(1, 0)
        first = looked_after.carriers["audit"]
        first.start()
        first.join(5)

        looked_after.revive(1000.0)
        looked_after.revive(1001.0)

        assert looked_after.carriers["audit"] is not first
        assert looked_after.carriers["audit"].sink.worked.wait(5)

    def test_leave_word(self, crew):
        first = crew(1).carriers["audit"]
        first.start()
        first.join(5)

        assert Cursor.objects.get(sink="audit").error == "KeyError: 'a mistake'"

    def test_end_the_process_when_there_are_too_many(self, crew):
        looked_after = crew()

        for number in range(5):
            looked_after.count_crash(1000.0 + number)
        with pytest.raises(worker.TooManyCrashes, match="crashed 6 times"):
            looked_after.count_crash(1006.0)

    def test_of_the_listener_start_another(self, crew):
        looked_after = crew()

        looked_after.revive(1000.0)

        wait_until(lambda: looked_after.listener.path == "listen")

    def test_are_forgotten_after_a_minute(self, crew):
        looked_after = crew()

        for number in range(20):
            looked_after.count_crash(1000.0 + number * 13)


class TestDeliver:
    def test_once_takes_everything_to_every_sink(self, clinic, desk, redis):
        desk.issue(clinic.first)

        call_command("deliver", once=True)

        assert AuditEntry.objects.count() == Event.objects.count()
        assert comparison.compare() == []
        assert redis.hlen("clinic:boards") == 2
        assert {cursor.sink for cursor in Cursor.objects.all()} == {"audit", "replica", "push"}


@pytest.fixture
def process(environment, redis):
    command = [sys.executable, "manage.py", "deliver"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert any("Worker started" in line for line in process.stderr)
        yield process
        process.kill()


class TestTheProcess:
    def test_carries_a_change_to_every_sink(self, clinic, process, desk, redis):
        desk.issue(clinic.first)

        wait_until(lambda: AuditEntry.objects.count() == Event.objects.count())
        wait_until(lambda: ReplicaState.objects.using("replica").exists())  # before that there is nothing to compare
        wait_until(lambda: comparison.compare() == [])
        wait_until(lambda: "A-001" in (redis.hget("clinic:boards", str(clinic.first.pk)) or ""))
        wait_until(lambda: health.worker()["state"] == "ok")

    @pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
    def test_ends_as_asked(self, clinic, process, desk, name):
        for _ in range(20):
            desk.issue(clinic.first)
        process.send_signal(signal.Signals[name])

        assert process.wait(12) == 0
        assert "unfinished=none" in process.stderr.read()
        assert not WorkerBeat.objects.exists()
        seqs = list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, len(seqs) + 1))

    def test_ends_at_once_when_it_is_asked_twice(self, clinic, process, desk):
        wait_until(lambda: AuditEntry.objects.count() == Event.objects.count())
        with psycopg.connect(**direct.params("default", application="test")) as other:
            other.execute("SELECT FROM notifications_cursor WHERE sink = 'audit' FOR UPDATE")
            desk.issue(clinic.first)  # the audit sink waits for this lock with its next batch
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: Cursor.objects.filter(leader="").count() == 2)

            process.send_signal(signal.SIGTERM)

            assert process.wait(5) == -signal.SIGTERM

    def test_goes_on_where_a_killed_one_stopped(self, clinic, process, desk, redis):
        desk.issue(clinic.first)
        process.kill()
        process.wait(5)
        desk.issue(clinic.second)

        call_command("deliver", once=True)

        assert AuditEntry.objects.count() == Event.objects.count()
        assert comparison.compare() == []
