"""The log in processes of its own, which fork and end as they do outside tests."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

from notifications.models import Activity

START = """
import os, sys, django
django.setup()
from notifications import activity
"""
FORK = """
activity.log_activity("before", number=-1)  # the parent's thread and pool are there before the fork
assert activity.writer.flush()
activity.writer.start = lambda: None
for number in range(100):
    activity.log_activity("before", number=number)
del activity.writer.start
activity.writer.thread = None
child = os.fork()
if not child:
    {unguarded}
    activity.log_activity("child", number=0)
else:
    activity.log_activity("parent", number=0)
    assert activity.writer.flush()
    assert os.waitpid(child, 0)[1] == 0
    activity.log_activity("parent", number=1)  # on the same socket, which the child has left alone
"""
LOG = """
for number in range(2000):
    activity.log_activity("page.opened", number=number)
"""


@pytest.fixture
def run(environment):
    def run(script):
        variables = {**environment, "DJANGO_SETTINGS_MODULE": "clinic.settings"}
        command = [sys.executable, "-c", START + script]
        return subprocess.run(command, env=variables, cwd=settings.BASE_DIR, timeout=60, capture_output=True, text=True)

    return run


def written(kind):
    return Activity.objects.filter(kind=kind).count()


class TestFork:
    def test_leaves_entries_to_the_process_that_logged_them(self, run):
        ran = run(FORK.format(unguarded="pass"))

        assert ran.returncode == 0, ran.stderr
        assert (written("before"), written("parent"), written("child")) == (101, 2, 1)

    def test_without_a_look_at_the_pid_the_child_writes_its_parents_entries_too(self, run):
        run(FORK.format(unguarded="activity.writer.pid = os.getpid()"))

        assert written("before") == 201


class TestEnd:
    def test_writes_what_waits(self, run):
        ran = run(LOG)

        assert ran.returncode == 0, ran.stderr
        numbers = Activity.objects.filter(kind="page.opened").values_list("detail__number", flat=True)
        assert sorted(numbers) == list(range(2000))

    def test_without_its_farewell_a_process_takes_entries_along(self, run):
        run(LOG + "os._exit(0)")

        assert written("page.opened") < 2000
