from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections

from notifications import direct, promotion, retry
from notifications.models import ReplicaState
from notifications.sinks.replica import ReplicaSink
from queueing.checks import TRIGGERS
from queueing.models import Room, Ticket
from tests.notifications.replicas import alter, catch_up
from tests.processes import database_url

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

ADD_A_ROOM = """
from queueing import history
from queueing.models import Room
with history.operation(actor="ada"):
    print("added", Room.objects.create(name="New").pk)
"""


@pytest.fixture
def lost(monkeypatch, tmp_path):
    """The primary does not answer whoever asks for it directly."""
    params = direct.params("default", application="test")
    monkeypatch.setattr(direct, "params", lambda *args, **kwargs: {**params, "host": str(tmp_path)})


@pytest.fixture
def filled(clinic, desk):
    """A replica that may be promoted; afterwards it is one again."""
    desk.issue(clinic.first)
    catch_up()
    yield
    if triggers():
        for operation in reversed(list(promotion.primary_only())):
            alter(operation.reverse_sql)


def triggers():
    with connections["replica"].cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        return {name for (name,) in cursor.fetchall()}


class TestPromoteReplica:
    def test_refuses_while_the_primary_answers(self, filled):
        with pytest.raises(CommandError, match=r"The primary answers\..* Nothing was changed"):
            call_command("promotereplica")

        assert not triggers()

    def test_refuses_while_the_primary_refuses(self, filled, monkeypatch):
        """A server that turns one away is not lost."""
        params = direct.params("default", application="test")
        monkeypatch.setattr(direct, "params", lambda *args, **kwargs: {**params, "dbname": "nowhere"})

        with pytest.raises(CommandError, match="The primary answers"):
            call_command("promotereplica")

    def test_brings_every_trigger_when_the_primary_is_lost(self, filled, lost):
        call_command("promotereplica")

        assert triggers() >= TRIGGERS | {"audit_trail_is_append_only"}

    def test_does_it_by_force(self, filled):
        call_command("promotereplica", force=True)

        assert triggers()

    def test_refuses_one_that_was_never_filled(self, clinic, lost):
        with pytest.raises(CommandError, match="never filled"):
            call_command("promotereplica")

    def test_refuses_to_do_it_twice(self, filled, lost):
        call_command("promotereplica")

        with pytest.raises(CommandError, match="promoted already"):
            call_command("promotereplica")

    def test_changes_nothing_when_it_fails_in_the_middle(self, filled, lost):
        alter("CREATE FUNCTION queueing_event_is_history() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
        try:
            with pytest.raises(CommandError, match="nothing was changed"):
                call_command("promotereplica")
            assert not triggers()
        finally:
            alter("DROP FUNCTION queueing_event_is_history()")

    def test_says_what_it_shows_and_what_to_do(self, filled, lost, capsys):
        state, issued = ReplicaState.objects.using("replica").get(), Ticket.objects.get().issued_at

        call_command("promotereplica")

        said = capsys.readouterr().out
        assert f"before {state.low}" in said
        assert f"{issued:%Y-%m-%d %H:%M:%S}" in said
        assert "DATABASE_URL" in said


class TestAPromotedReplica:
    def test_gives_fresh_ids(self, filled, lost, environment):
        call_command("promotereplica")
        there = {**environment, "DATABASE_URL": database_url("replica")}

        command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", ADD_A_ROOM]
        said = subprocess.run(command, env=there, check=True, capture_output=True, text=True).stdout

        assert said == f"added {Room.objects.latest('pk').pk + 1}\n"
        assert Room.objects.using("replica").filter(name="New").exists()

    def test_refuses_what_leaves_no_history(self, filled, lost):
        call_command("promotereplica")

        with pytest.raises(IntegrityError, match="leaves no history"):
            alter("UPDATE queueing_room SET name = 'Cellar' WHERE name = 'Room 1'")

    def test_would_not_before(self, filled):
        """If this fails, the test above proves nothing."""
        alter("UPDATE queueing_room SET name = 'Cellar' WHERE name = 'Room 1'")

    def test_is_out_of_reach_for_the_old_worker(self, filled, lost, clinic, desk):
        """The old primary comes back, and its worker with it."""
        call_command("promotereplica")
        desk.issue(clinic.first)

        with pytest.raises(retry.Drift, match="was promoted to a primary"):
            ReplicaSink().step()

        assert Ticket.objects.using("replica").count() == 1
        assert ReplicaState.objects.using("replica").get().epoch == 2**63 - 1
