"""A clinic as people start it: a process of its own, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from clinic import bundled, env
from tests.processes import free_port

#: What this test run's own engines and settings are; the clinic that is tested makes its own.
OWN = (*bundled.ENGINES, "OWNER_DATABASE_URL", "SECRET_KEY", "DEBUG", "HTTPS", "ALLOWED_HOSTS", "CLINIC_HOME", "PORT")
COMMAND = (sys.executable, "manage.py", "runclinic")
READY = "Clinic queue is ready at "


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
