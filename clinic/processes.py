"""The programs that run as children of `runclinic`: started, watched, started again, stopped."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import pwd
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.5  # seconds until a dead child starts again; doubles with each death
LONGEST_PAUSE = 10.0
STEADY = 30.0  # seconds after which an earlier death is forgotten
LARGEST_LOG = 10_000_000  # bytes; a longer one is put aside when its program starts
COMPLAINT = re.compile(r"fatal|panic|error", re.IGNORECASE)
PR_SET_PDEATHSIG = 1


class CannotStart(Exception):
    """One sentence for the person who started the clinic."""


class Stopped(Exception):
    """Somebody asked the clinic to stop while it was still starting."""


@dataclass(kw_only=True, slots=True)
class Child:
    name: str
    command: Sequence[str | Path]
    env: Mapping[str, str]
    log: Path
    folder: Path
    user: pwd.struct_passwd | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    passed_fds: tuple[int, ...] = ()
    stops_last: bool = False
    process: subprocess.Popen[bytes] | None = None
    pause: float = FIRST_PAUSE
    started: float = 0.0
    log_from: int = 0
    start_again_at: float | None = None

    def start(self) -> None:
        with open_log(self.log) as log:
            self.log_from = log.tell()
            self.process = subprocess.Popen(
                [str(part) for part in self.command],
                env=dict(self.env),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=self.passed_fds,
                # A Ctrl-C in the terminal reaches runclinic alone, which then stops everything in order.
                start_new_session=True,
                preexec_fn=dies_with_parent(self.stop_signal),
                **other_user(self.user),
            )
        self.started = time.monotonic()
        self.start_again_at = None

    @property
    def code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self.process.poll() if self.process else None

    def tell(self, number: signal.Signals) -> None:
        if self.process and self.code is None:
            self.process.send_signal(number)

    def kill_all(self) -> None:
        """End it and everything it started."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def said(self) -> list[str]:
        """Its log since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self.log_from)
            return [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]

    def last_words(self) -> str:
        """Its last complaint, else whatever it said last."""
        said = self.said() or ["it said nothing"]
        complaints = [line for line in said if COMPLAINT.search(line)]
        return (complaints or said)[-1].strip()


@dataclass(slots=True)
class Children:
    stopping: bool = False
    kept: list[Child] = field(default_factory=list)

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop_on_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup make run` ignores SIGHUP on purpose.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.ask_to_stop)

    def ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def keep(self, child: Child) -> None:
        """Start it, and let `watch` start it again whenever it ends."""
        self.kept.append(child)
        child.start()

    def run(self, steps: Iterable[Child], *, seconds: float) -> None:
        """Run them side by side to their end.

        :raises CannotStart: if one fails, with its last line
        """
        running = list(steps)
        try:
            for step in running:
                step.start()
            self.wait_until(lambda: all(step.code is not None for step in running), seconds=seconds)
            for step in running:
                if step.code:
                    raise CannotStart(failure(step))
        finally:
            for step in running:
                step.kill_all()

    def wait_until(self, condition: Callable[[], bool], *, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self.stopping:
                raise Stopped
            if time.monotonic() > deadline:
                raise CannotStart(f"The clinic did not start: a step took more than {seconds:.0f} seconds.")
            time.sleep(0.05)

    def watch(self) -> None:
        """Start again what ends, until somebody asks to stop."""
        while not self.stopping:
            for child in self.kept:
                start_again_when_due(child, now=time.monotonic())
            time.sleep(0.1)

    def stop(self) -> None:
        """End all within 20 s: first what uses the engines, then the engines. Whoever takes too long is killed."""
        end([child for child in self.kept if not child.stops_last], seconds=12)  # a worker may finish its batch for 10
        end([child for child in self.kept if child.stops_last], seconds=8)
        self.kept.clear()


def start_again_when_due(child: Child, *, now: float) -> None:
    if child.code is None:
        if now - child.started > STEADY:
            child.pause = FIRST_PAUSE
    elif child.start_again_at is None:
        logger.error(
            "Child ended name=%s code=%s restart_in=%.1fs log=%s last=%r",
            child.name,
            child.code,
            child.pause,
            child.log,
            child.last_words(),
        )
        child.kill_all()
        child.start_again_at = now + child.pause
        child.pause = min(child.pause * 2, LONGEST_PAUSE)
    elif now >= child.start_again_at:
        child.start()
        logger.info("Child started again name=%s", child.name)


def end(children: Sequence[Child], *, seconds: float) -> None:
    for child in children:
        child.tell(child.stop_signal)
    deadline = time.monotonic() + seconds
    while any(child.code is None and child.process for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in children:
        if child.process and child.code is None:
            logger.error("Child did not stop in time and is killed name=%s", child.name)
        child.kill_all()


def failure(step: Child) -> str:
    if any("No space left on device" in line for line in step.said()):
        return f"The disk is full: {step.name} could not write. Free some space and start again."
    return f"{step.name} failed: {step.last_words()} (more in {step.log})"


def open_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    log = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    log.seek(0, os.SEEK_END)
    return log


def other_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def dies_with_parent(number: signal.Signals) -> Callable[[], object] | None:
    """A killed `runclinic` takes its children along. Linux only: elsewhere the next start ends what was left."""
    if sys.platform != "linux":
        return None
    # Loaded here, because between fork and exec nothing may take a lock.
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, int(number))
