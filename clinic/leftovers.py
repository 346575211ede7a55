"""What a killed `runclinic` left behind: engines that still run, pid files that name nobody or somebody else."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

PATIENCE = 10.0  # seconds for an engine to write what it holds


def end(pid_file: Path, stop_signal: signal.Signals) -> None:
    """End the program that wrote this file, if it still runs, and remove the file.

    Only for whoever holds the lock of the folder. The number alone proves nothing: after a restart of the machine
    it may belong to any program, and PostgreSQL refuses to start beside it.
    """
    pid = number_in(pid_file)
    if pid and str(pid_file.parent) in command_of(pid):
        stop(pid, stop_signal)
    pid_file.unlink(missing_ok=True)


def number_in(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split("\n")[0])
    except (OSError, ValueError):
        return None


def command_of(pid: int) -> str:
    """The command line of a running program; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        if Path("/proc/self").exists() or not shutil.which("ps"):
            return ""
    answer = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S607
    return answer.stdout.strip()


def stop(pid: int, stop_signal: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, stop_signal)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)


def remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
