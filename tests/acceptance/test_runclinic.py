"""The clinic as people start it: a process of its own, stopped, killed, and started again on the same data."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import requests

from clinic import env
from tests.acceptance.clinics import READY, of_clinic
from tests.processes import wait_until

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]


class TestRunclinic:
    def test_starts_stops_and_starts_again_on_the_same_data_and_prints_sign_ins_once(self, make_clinic):
        first = make_clinic().wait_ready()
        assert [line for line in first.said if READY in line] == [f"{READY}http://127.0.0.1:{first.port}/"]
        assert first.answers()

        assert first.stop() < 15
        assert first.process.returncode == 0
        assert of_clinic(first.home) == {}
        assert not (first.home / "environment").exists()
        sign_ins = json.loads((first.home / "sign-ins.json").read_text())
        assert set(sign_ins) == {"receptionist", "clinician", "supervisor", "auditor"}
        assert stat.S_IMODE((first.home / "sign-ins.json").stat().st_mode) == 0o600
        assert all(any(sign_in["password"] in line for line in first.said) for sign_in in sign_ins.values())

        began = time.monotonic()
        second = make_clinic().wait_ready()
        assert time.monotonic() - began < 10
        assert second.answers()
        assert not any("Sign-ins" in line for line in second.said)
        assert json.loads((second.home / "sign-ins.json").read_text()) == sign_ins

    def test_lets_the_receptionist_in(self, running):
        sign_in = json.loads((running.home / "sign-ins.json").read_text())["receptionist"]
        visitor = requests.Session()
        page = visitor.get(f"http://127.0.0.1:{running.port}/sign-in/", timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]

        answer = visitor.post(page.url, data={**sign_in, "csrfmiddlewaretoken": token}, timeout=20)

        assert answer.url.endswith("/desk/")
        assert answer.status_code == 200

    def test_starts_again_what_dies(self, make_clinic):
        clinic = make_clinic().wait_ready()

        for part in ("daphne", "deliver", "valkey-server", "primary/data"):
            dead = wait_until(lambda part=part: clinic.child(part))
            os.kill(dead, signal.SIGKILL)
            wait_until(lambda part=part, dead=dead: clinic.child(part) not in (None, dead))

        assert clinic.answers()
        words = clinic.errors.read_text()
        assert [
            name for name in ("web", "worker", "valkey", "primary") if f"Child ended name={name}" not in words
        ] == []

    @pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends them")
    def test_leaves_nothing_behind_when_it_is_killed_and_starts_again(self, make_clinic):
        clinic = make_clinic().wait_ready()

        clinic.stop(signal.SIGKILL)

        wait_until(lambda: not of_clinic(clinic.home), seconds=15)
        assert make_clinic(PORT=str(clinic.port)).wait_ready().answers()

    def test_starts_over_a_stale_pid_file(self, make_clinic):
        clinic = make_clinic().wait_ready()
        clinic.stop()
        # The number of a program that runs, and is not PostgreSQL.
        (clinic.home / "engines" / "primary" / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")

        assert make_clinic().wait_ready().answers()

    def test_runs_beside_another_one(self, make_clinic, tmp_path):
        clinics = [make_clinic(tmp_path / name) for name in ("north", "south")]

        assert all(clinic.wait_ready().answers() for clinic in clinics)

    def test_stops_while_it_is_starting(self, make_clinic):
        clinic = make_clinic()
        wait_until((clinic.home / "log" / "primary.log").exists)

        assert clinic.stop(signal.SIGINT) < 15
        assert clinic.process.returncode == 0
        assert of_clinic(clinic.home) == {}

    def test_stops_on_a_ctrl_c_under_make(self, make_clinic):
        clinic = make_clinic(command=("make", "--silent", "run")).wait_ready()

        # As a terminal does: to make and everybody in its group.
        os.killpg(clinic.process.pid, signal.SIGINT)
        clinic.process.communicate(timeout=15)

        assert of_clinic(clinic.home) == {}

    def test_lets_manage_work_beside_it(self, running):
        beside = {name: value for name, value in running.variables.items() if name != "PORT"}

        checked = subprocess.run(
            [sys.executable, "manage.py", "checkqueues"], cwd=env.BASE_DIR, env=beside, capture_output=True, text=True
        )

        assert checked.returncode == 0, checked.stderr
        assert stat.S_IMODE((running.home / "environment").stat().st_mode) == 0o600

    def test_works_without_the_right_to_rewrite_history(self, running):
        urls = env.running(running.home)
        requests.get(f"http://127.0.0.1:{running.port}/readyz", timeout=20)  # a web process connects when it has to

        with psycopg.connect(urls["OWNER_DATABASE_URL"], autocommit=True) as owner:
            names = "SELECT DISTINCT usename, application_name FROM pg_stat_activity WHERE application_name ~ '^clinic'"
            wait_until(lambda: ("clinic_app", "clinic-listener") in owner.execute(names).fetchall())
            assert {user for user, _ in owner.execute(names)} == {"clinic_app"}
        for pid, command in of_clinic(running.home).items():
            if "daphne" in command or "deliver" in command:
                assert b"OWNER_DATABASE_URL" not in Path(f"/proc/{pid}/environ").read_bytes()
        with psycopg.connect(urls["DATABASE_URL"]) as line, pytest.raises(psycopg.errors.InsufficientPrivilege):
            line.execute("UPDATE queueing_event SET actor = 'eve'")

    def test_lets_nobody_migrate_beside_it_but_the_owner(self, make_clinic):
        clinic = make_clinic().wait_ready()
        urls = env.running(clinic.home)
        beside = {name: value for name, value in clinic.variables.items() if name != "PORT"}

        def undo(**variables: str) -> subprocess.CompletedProcess:
            command = [sys.executable, "manage.py", "migrate", "sessions", "zero"]
            return subprocess.run(command, cwd=env.BASE_DIR, env=beside | variables, capture_output=True, text=True)

        refused = undo()
        assert refused.returncode == 1
        assert refused.stderr.startswith("CommandError: The role clinic_app may not change tables")
        assert undo(DATABASE_URL=urls["OWNER_DATABASE_URL"]).returncode == 0

    def test_changes_no_mode_of_a_folder_above_it(self, make_clinic, tmp_path):
        (tmp_path / "private").mkdir(mode=0o700)
        home = tmp_path / "private" / "clone" / "var"
        home.mkdir(parents=True)
        above = (home, *home.parents, env.BASE_DIR, Path(sys.prefix))
        before = {folder: (folder.stat().st_mode, folder.stat().st_uid) for folder in above}

        assert make_clinic(home).wait_ready().answers()

        assert {folder: (folder.stat().st_mode, folder.stat().st_uid) for folder in above} == before


class TestRefusal:
    def test_names_a_port_in_use(self, make_clinic):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]

            assert f"cannot listen on port {port}" in make_clinic(PORT=str(port)).refusal()

    def test_names_a_port_that_is_none(self, make_clinic):
        assert "PORT is '70000'" in make_clinic(PORT="70000").refusal()

    def test_names_the_folder_of_another_clinic_and_leaves_that_alone(self, make_clinic):
        clinic = make_clinic().wait_ready()
        second = make_clinic()

        assert f"Another clinic already runs in {clinic.home}" in second.refusal()
        assert clinic.answers()
        assert (clinic.home / "environment").exists()

    def test_names_data_of_an_older_version(self, make_clinic, tmp_path):
        data = tmp_path / "home" / "engines" / "primary" / "data"
        clinic = make_clinic()
        wait_until((clinic.home / "engines" / "primary" / "data" / "PG_VERSION").exists)
        clinic.stop()
        (data / "PG_VERSION").write_text("13\n")

        assert "were written by PostgreSQL 13" in make_clinic().refusal()

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("DATABASE_URL", "postgres://127.0.0.1:1/clinic"),
            ("REPLICA_URL", "postgres://127.0.0.1:1/clinic"),
            ("REDIS_URL", "redis://127.0.0.1:1/0"),
            ("DATABASE_URL", "sqlite:///clinic.db"),
        ],
    )
    def test_names_a_url_that_cannot_be_used(self, make_clinic, variable, value):
        words = make_clinic(**{variable: value}).refusal()

        assert words.startswith(variable)
        assert env.FORMS[variable] in words
