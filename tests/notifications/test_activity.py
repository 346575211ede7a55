from __future__ import annotations

import os
import threading
import time

import pytest
from django.contrib.auth import authenticate
from django.db import OperationalError
from django.utils import timezone

from notifications import activity
from notifications.models import Activity
from tests.processes import wait_until


@pytest.fixture
def writer(monkeypatch, transactional_db):
    writer = activity.Writer()
    monkeypatch.setattr(activity, "writer", writer)
    yield writer
    writer.stop()
    if writer.thread:
        writer.thread.join(5)


@pytest.fixture
def stuck(monkeypatch):
    """Writing waits until this is set."""
    may_write = threading.Event()
    save = activity.Writer.save

    def wait(self, batch):
        may_write.wait(10)
        save(self, batch)

    monkeypatch.setattr(activity.Writer, "save", wait)
    yield may_write
    may_write.set()


def kinds():
    return list(Activity.objects.order_by("id").values_list("kind", flat=True))


class TestLogActivity:
    def test_is_written_in_order(self, writer):
        for number in range(3):
            activity.log_activity(f"page.{number}", actor="maria", at=timezone.now(), number=number)

        assert writer.flush()
        assert kinds() == ["page.0", "page.1", "page.2"]
        assert Activity.objects.latest("id").detail["number"] == 2

    def test_never_waits_and_counts_what_it_drops(self, writer, stuck):
        writer.limit = 100
        started = time.monotonic()
        for _ in range(1000):
            activity.log_activity("page.opened")

        assert time.monotonic() - started < 0.5
        assert writer.dropped >= 1000 - 100 - activity.BATCH
        stuck.set()
        assert writer.flush()
        assert Activity.objects.count() == 1000 - writer.dropped

    def test_drops_what_the_database_refuses_and_goes_on(self, writer):
        activity.log_activity("page.opened", thing=object())
        assert writer.flush()
        activity.log_activity("page.closed")
        assert writer.flush()

        assert kinds() == ["page.closed"]
        assert writer.dropped == 1

    def test_takes_what_is_no_text_for_text(self, writer):
        activity.log_activity("page.opened")
        activity.log_activity(None, actor=7)
        activity.log_activity("page.closed")

        assert writer.flush()
        assert kinds() == ["page.opened", "None", "page.closed"]

    def test_drops_the_poison_of_a_batch_and_nothing_else(self, writer, stuck, caplog):
        """Refused by Python, by a constraint, and by a type."""
        poison = {100: {"thing": object()}, 250: {}, 499: {"text": "its secret \0"}}
        activity.log_activity("page.opened")  # its writing is held, so that the others wait for one batch
        wait_until(lambda: writer.writing)
        for number in range(activity.BATCH):
            activity.log_activity("" if number == 250 else f"page.{number}", **poison.get(number, {}))

        stuck.set()

        assert writer.flush()
        good = [f"page.{number}" for number in range(activity.BATCH) if number not in poison]
        assert kinds() == ["page.opened", *good]
        assert (len(good), writer.dropped) == (497, 3)
        dropped = [record.getMessage() for record in caplog.records if "dropped" in record.getMessage()]
        assert len(dropped) == 3
        assert "secret" not in caplog.text

    def test_waits_for_a_database_that_is_away(self, writer, monkeypatch):
        create, calls = Activity.objects.bulk_create, []

        def fail_once(batch):
            calls.append(batch)
            if len(calls) == 1:
                raise OperationalError("away")
            return create(batch)

        monkeypatch.setattr(activity.Activity.objects, "bulk_create", fail_once)
        activity.log_activity("page.opened")

        assert writer.flush()
        assert kinds() == ["page.opened"]
        assert writer.dropped == 0

    def test_starts_its_writer_again_when_it_is_dead(self, writer, monkeypatch):
        with monkeypatch.context() as broken:
            broken.setattr(activity.Writer, "run", lambda self: None)
            activity.log_activity("page.opened")
            writer.thread.join(5)

        activity.log_activity("page.closed")

        assert writer.flush()
        assert kinds() == ["page.opened", "page.closed"]

    def test_leaves_the_parents_entries_to_the_parent(self, writer, stuck):
        activity.log_activity("page.opened")
        writer.pid = os.getpid() + 1  # as a child finds it after a fork

        activity.log_activity("page.closed")

        assert len(writer.waiting) + writer.writing == 1
        assert writer.pid == os.getpid()

    def test_gives_up_at_the_end_of_the_process_after_a_while(self, writer, stuck):
        activity.log_activity("page.opened")

        assert not writer.flush(deadline=0.1)


class TestSignIn:
    def test_is_logged(self, writer, client, make_user):
        client.force_login(make_user("maria"))

        assert writer.flush()
        assert list(Activity.objects.values_list("kind", "actor")) == [("user.signed_in", "maria")]

    def test_that_fails_is_logged_without_the_password(self, writer, rf):
        authenticate(rf.post("/sign-in/"), username="maria", password="secret of hers")

        assert writer.flush()
        (entry,) = Activity.objects.all()
        assert (entry.kind, entry.actor) == ("user.sign_in_failed", "maria")
        assert "secret" not in str(entry.detail)
