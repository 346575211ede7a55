"""The children of `runclinic`: how they are run, watched, started again and stopped."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clinic import env, leftovers, processes


@pytest.fixture
def make_child(tmp_path):
    def make(code: str, **options) -> processes.Child:
        command = [sys.executable, "-u", "-c", code]
        return processes.Child(
            name="child", command=command, env=os.environ, log=tmp_path / "child.log", folder=tmp_path, **options
        )

    return make


class TestChildren:
    def test_start_again_after_a_pause_that_grows(self, make_child):
        child = make_child("pass")
        with processes.Children() as children:
            children.keep(child)
            child.process.wait()

            processes.start_again_when_due(child, now=100.0)
            processes.start_again_when_due(child, now=100.4)
            not_yet = child.code is not None
            processes.start_again_when_due(child, now=100.5)

            assert not_yet
            assert child.start_again_at is None
            assert child.pause == 2 * processes.FIRST_PAUSE

    def test_log_their_death_with_their_last_words(self, make_child, caplog):
        child = make_child("import sys; sys.exit('no such table')")
        child.start()
        child.process.wait()

        processes.start_again_when_due(child, now=100.0)

        assert "Child ended name=child code=1" in caplog.text
        assert "no such table" in caplog.text

    def test_are_killed_when_they_do_not_stop(self, make_child, caplog):
        child = make_child(
            "import signal; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); signal.pause()"
        )
        child.start()
        processes.Children().wait_until(lambda: child.last_words() == "ready", seconds=10)

        processes.end([child], seconds=0.2)

        assert child.code == -signal.SIGKILL
        assert "did not stop in time" in caplog.text

    def test_tell_what_went_wrong_in_a_step(self, make_child):
        with pytest.raises(processes.CannotStart, match=r"^child failed: no such table \(more in "):
            processes.Children().run([make_child("import sys; sys.exit('no such table')")], seconds=10)

    def test_tell_their_last_complaint_of_this_start(self, make_child):
        child = make_child("print('fatal: no such table'); print('bye')")
        child.log.write_text("fatal: something that was long ago\n")
        child.start()
        child.process.wait()

        assert child.last_words() == "fatal: no such table"

    def test_tell_when_the_disk_is_full(self, make_child):
        step = make_child("import sys; print('write: No space left on device'); sys.exit('cleaning up')")

        with pytest.raises(processes.CannotStart, match="^The disk is full"):
            processes.Children().run([step], seconds=10)

    def test_stop_waiting_when_somebody_asks(self, make_child):
        children = processes.Children()
        children.ask_to_stop()
        step = make_child("import signal; signal.pause()")

        with pytest.raises(processes.Stopped):
            children.run([step], seconds=10)

        assert step.code is not None

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    def test_run_as_the_user_they_are_given(self, make_child):
        nobody = pwd.getpwnam("nobody")
        step = make_child("", user=nobody)
        # Not Python: this user may not reach ours.
        step.command, step.folder = ["sh", "-c", "id -u; exit 1"], Path("/")

        with pytest.raises(processes.CannotStart, match=f"failed: {nobody.pw_uid} "):
            processes.Children().run([step], seconds=10)

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends them")
    def test_die_with_a_parent_that_was_killed(self, tmp_path):
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, tmp_path], cwd=env.BASE_DIR, stdout=subprocess.PIPE, text=True
        )
        child = int(parent.stdout.readline())

        parent.kill()
        parent.wait()
        parent.stdout.close()

        processes.Children().wait_until(lambda: not leftovers.command_of(child), seconds=10)


PARENT = """
import os, pathlib, signal, sys
from clinic import processes
here = pathlib.Path(sys.argv[1])
child = processes.Child(
    name="child", command=["sleep", "600"], env=os.environ, log=here / "log", folder=here
)
child.start()
print(child.process.pid, flush=True)
signal.pause()
"""
