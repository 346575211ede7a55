"""The clinic as people start it: a process of its own, stopped, killed, and started again on the same data."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from clinic import bundled, env, folders

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]
#: What this test run's own engines and settings are; the clinic that is tested makes its own.
OWN = (*bundled.ENGINES, "SECRET_KEY", "DEBUG", "HTTPS", "ALLOWED_HOSTS", "CLINIC_HOME", "PORT")
COMMAND = (sys.executable, "manage.py", "runclinic")
READY = "Clinic queue is ready at "


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(condition, *, seconds: float = 30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
    return found


def of_clinic(home: Path) -> dict[int, str]:
    """Every process that has this folder in its environment or command line."""
    engines = os.fsencode((home / "engines").resolve())
    found = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            command, variables = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            if engines in command or b"CLINIC_HOME=" + os.fsencode(home) in variables.split(b"\0"):
                found[int(folder.name)] = command.replace(b"\0", b" ").decode()
    return found


class Clinic:
    def __init__(self, home: Path, **variables: str) -> None:
        self.home, self.port = home, int(variables.get("PORT") or free_port())
        self.errors = home.with_suffix(".errors")
        kept = {name: value for name, value in os.environ.items() if name not in OWN}
        self.variables = {**kept, "CLINIC_HOME": str(home), "PORT": str(self.port), **variables}
        self.said: list[str] = []

    def start(self, command: tuple[str, ...] = COMMAND) -> Clinic:
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=env.BASE_DIR,
                env=self.variables,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        return self

    def wait_ready(self) -> Clinic:
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if "Admin" in line:
                return self
        raise AssertionError(self.errors.read_text())

    def refusal(self) -> str:
        """What it says when it does not start; one sentence."""
        self.process.communicate(timeout=60)
        assert self.process.returncode == 1
        words = self.errors.read_text().strip()
        assert "Traceback" not in words
        assert "\n" not in words
        return words

    def answers(self) -> bool:
        return requests.get(f"http://127.0.0.1:{self.port}/livez", timeout=20).text == "ok\n"

    def child(self, part: str) -> int | None:
        return next((pid for pid, command in of_clinic(self.home).items() if part in command), None)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Seconds until it was gone."""
        began = time.monotonic()
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=30)
        self.said += rest.splitlines()
        return time.monotonic() - began

    def end(self) -> None:
        if self.process.poll() is None:
            self.stop()
        self.process.stdout.close()


@pytest.fixture
def make_clinic(tmp_path):
    made = []

    def make(home: Path = tmp_path / "home", command: tuple[str, ...] = COMMAND, **variables: str) -> Clinic:
        made.append(Clinic(home, **variables))
        return made[-1].start(command)

    yield make
    for clinic in made:
        clinic.end()
        shutil.rmtree((clinic.home / "engines").resolve(), ignore_errors=True)
        with contextlib.suppress(OSError):
            # As root: the place that all clinics share, if this was the only one.
            folders.SHARED.rmdir()


class TestRunclinic:
    def test_starts_stops_and_starts_again_on_the_same_data(self, make_clinic):
        first = make_clinic().wait_ready()
        assert [line for line in first.said if READY in line] == [f"{READY}http://127.0.0.1:{first.port}/"]
        assert first.answers()

        assert first.stop() < 15
        assert first.process.returncode == 0
        assert of_clinic(first.home) == {}
        assert not (first.home / "environment").exists()

        began = time.monotonic()
        second = make_clinic().wait_ready()
        assert time.monotonic() - began < 10
        assert second.answers()

    def test_prints_the_sign_ins_of_the_demo_on_the_first_start_only(self, make_clinic):
        clinic = make_clinic().wait_ready()
        clinic.stop()
        sign_ins = json.loads((clinic.home / "sign-ins.json").read_text())
        again = make_clinic().wait_ready()
        again.stop()

        assert set(sign_ins) == {"receptionist", "clinician", "supervisor", "auditor"}
        assert stat.S_IMODE((clinic.home / "sign-ins.json").stat().st_mode) == 0o600
        assert all(any(sign_in["password"] in line for line in clinic.said) for sign_in in sign_ins.values())
        assert not any("Sign-ins" in line for line in again.said)
        assert json.loads((clinic.home / "sign-ins.json").read_text()) == sign_ins

    def test_lets_the_receptionist_in(self, make_clinic):
        clinic = make_clinic().wait_ready()
        wait_until((clinic.home / "sign-ins.json").exists)
        sign_in = json.loads((clinic.home / "sign-ins.json").read_text())["receptionist"]
        visitor = requests.Session()
        page = visitor.get(f"http://127.0.0.1:{clinic.port}/sign-in/", timeout=20)
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

    def test_lets_manage_work_beside_it(self, make_clinic):
        clinic = make_clinic().wait_ready()
        beside = {name: value for name, value in clinic.variables.items() if name != "PORT"}

        checked = subprocess.run(
            [sys.executable, "manage.py", "checkqueues"], cwd=env.BASE_DIR, env=beside, capture_output=True, text=True
        )

        assert checked.returncode == 0, checked.stderr
        assert stat.S_IMODE((clinic.home / "environment").stat().st_mode) == 0o600

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
