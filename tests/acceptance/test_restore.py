"""A dump of a busy clinic, loaded into a fresh server after the old one was lost."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import psycopg
import pytest

from clinic import env, programs
from tests.processes import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

#: So many transactions that a fresh server is far behind.
TRANSACTIONS = 5000
CLOSE = "from queueing.models import Room; r = Room.objects.first(); r.is_open = not r.is_open; r.save()"


def program(name):
    found = programs.find_postgres(None).postgres.with_name(name)
    if not found.exists():
        pytest.skip(f"no {name} beside the server")
    return str(found)


def manage(clinic, *arguments):
    beside = {name: value for name, value in clinic.variables.items() if name != "PORT"}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=env.BASE_DIR, env=beside, capture_output=True, text=True)


def owner_of(clinic):
    return env.running(clinic.home)["OWNER_DATABASE_URL"]


@pytest.fixture
def dump(make_clinic, tmp_path):
    """Of a clinic whose primary is lost right afterwards. The dump was made a moment before the last event."""
    clinic, file = make_clinic().wait_ready(), tmp_path / "clinic.dump"
    with psycopg.connect(owner_of(clinic), autocommit=True) as line:
        for _ in range(TRANSACTIONS):
            line.execute("SELECT pg_current_xact_id()")
    assert manage(clinic, "shell", "-c", CLOSE).returncode == 0
    wait_until(lambda: "sound" in manage(clinic, "verifyaudit").stdout)
    # Its worker lives, but not in the copy.
    options = ["-Fc", "--exclude-table-data=notifications_workerbeat", f"--file={file}"]
    subprocess.run([program("pg_dump"), *options, owner_of(clinic)], check=True)
    assert manage(clinic, "shell", "-c", CLOSE).returncode == 0
    assert manage(clinic, "comparereplica").returncode == 0
    clinic.stop(signal.SIGTERM)
    shutil.rmtree(clinic.home / "engines" / "primary" / "data")
    return file


class TestRestore:
    def test_goes_on_after_one_command(self, dump, make_clinic):
        clinic = make_clinic().wait_ready()
        # Empty, and behind: nobody may make the replica, the last copy, empty too.
        assert manage(clinic, "deliver", "--once").returncode == 1
        options = ["--clean", "--if-exists", "--exit-on-error", "-d", owner_of(clinic)]
        subprocess.run([program("pg_restore"), *options, dump], check=True)

        refused = manage(clinic, "deliver", "--once")
        assert refused.returncode == 1
        assert refused.stderr.startswith("CommandError: History comes from a younger future")
        assert manage(clinic, "shell", "-c", CLOSE).returncode == 0  # the desk works meanwhile

        done = manage(clinic, "rebasehistory")
        assert done.returncode == 0, done.stderr
        # The worker of this clinic, which was refused again and again, starts by itself.
        wait_until(lambda: "equal" in manage(clinic, "comparereplica", "--wait=2").stdout, seconds=60)
        assert "sound" in manage(clinic, "verifyaudit").stdout
        with psycopg.connect(owner_of(clinic)) as line:
            unsealed = (
                "SELECT count(*) FROM queueing_event WHERE id NOT IN (SELECT event_id FROM notifications_auditentry)"
            )
            wait_until(lambda: line.execute(unsealed).fetchone() == (0,))
