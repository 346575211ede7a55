"""Behind PgBouncer in transaction mode: no notification arrives, and each transaction may be on another connection."""

from __future__ import annotations

import signal
import subprocess
import time

import psycopg
import pytest
from django.db import connections

from notifications.models import AuditEntry, Cursor, WorkerBeat
from queueing.models import Event
from tests import programs
from tests.acceptance.faults.invariants import check_everything
from tests.engines import own_user
from tests.processes import database_url, free_port, wait_until

PGBOUNCER = programs.find("pgbouncer")
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
    pytest.mark.skipif(not PGBOUNCER, reason="needs PgBouncer (on Debian and Ubuntu: apt install pgbouncer)"),
]
CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 8
ignore_startup_parameters = extra_float_digits,options
"""


@pytest.fixture
def pooled(environment, tmp_path):
    """Of a process that knows only the way through the pooler."""
    found, port = connections["default"].settings_dict, free_port()
    configuration = tmp_path / "pgbouncer.ini"
    known = {name.lower(): found[name] for name in ("HOST", "PORT", "USER", "PASSWORD") if found[name]}
    server = " ".join(f"{name}={value}" for name, value in known.items())
    configuration.write_text(CONFIGURATION.format(server=server, port=port))
    user = own_user()
    command = [PGBOUNCER, "--quiet", *(["--user", user.pw_name] if user else []), configuration]
    url = f"postgres://{found['USER'] or 'postgres'}@127.0.0.1:{port}/{found['NAME']}"
    with subprocess.Popen(command) as process:
        try:
            wait_until(lambda: answers(url), seconds=10)
            yield {**environment, "DATABASE_URL": f"{url}?disable_server_side_cursors=true", "DATABASE_LIMITS": "0"}
        finally:
            process.kill()


def answers(url):
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def sealed():
    return AuditEntry.objects.count() == Event.objects.count()


def paths():
    return set(WorkerBeat.objects.values_list("wake_path", flat=True))


def test_pooler(clinic, redis, desk, pooled, start_worker, report):
    first = start_worker(**pooled)
    wait_until(sealed)
    second = start_worker(**pooled)
    began = time.monotonic()
    desk.issue(clinic.first)
    wait_until(sealed)
    delivered = time.monotonic() - began
    wait_until(lambda: paths() == {"poll"})  # a worker that has just begun has not missed a notification yet
    assert not Cursor.objects.exclude(leader__endswith=f":{first.pid}").exists()

    first.send_signal(signal.SIGKILL)
    began = time.monotonic()
    wait_until(lambda: Cursor.objects.filter(leader__endswith=f":{second.pid}").count() == 3)
    taken_over = time.monotonic() - began
    desk.issue(clinic.first)

    check_everything()
    assert delivered < 2
    assert taken_over < 5
    report(
        "Behind PgBouncer in transaction mode",
        made="two workers that know no other way; the leader killed",
        expected="delivered by polling; the other takes over within 5 s",
        measured=f"delivered in {delivered:.2f} s, taken over in {taken_over:.1f} s",
    )


def test_a_direct_line_past_the_pooler(clinic, redis, desk, pooled, start_worker):
    start_worker(**pooled, WORKER_DATABASE_URL=database_url("default"))

    wait_until(lambda: paths() == {"listen"})
    desk.issue(clinic.first)

    check_everything()
