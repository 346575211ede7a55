from __future__ import annotations

import logging
import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from notifications import restore, retry, worker

logger = logging.getLogger(__name__)


class Ended(BaseException):
    """Somebody asked the process to end."""


def end(signum: int, frame: FrameType | None) -> None:
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_DFL)  # a second signal ends it at once
    raise Ended


class Command(BaseCommand):
    help = "Carries history to the audit trail, the replica and the screens, until it is asked to end."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="take everything there is, and end")

    def handle(self, *, once: bool, **options: Any) -> None:
        if self.comes_from_the_future(patient=not once):
            raise CommandError(restore.WHAT_TO_DO)
        if once:
            self.run_once()
        else:
            self.run(worker.Worker())

    def comes_from_the_future(self, *, patient: bool) -> bool:
        """A worker that is started before its primary waits for it."""
        attempt = 0
        while True:
            try:
                return restore.from_the_future()
            except OperationalError as e:
                if not patient:
                    raise CommandError(f"The primary does not answer: {e}") from e
                attempt += 1
                logger.warning("The primary does not answer attempt=%d error=%s", attempt, e)
                time.sleep(retry.delay(attempt=attempt))

    def run_once(self) -> None:
        try:
            worker.deliver_pending()
        except worker.Busy as e:
            raise CommandError(f"A worker is running and carries everything for {e} already.") from e

    def run(self, crew: worker.Worker) -> None:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, end)
        try:
            crew.run()
        except Ended:
            crew.end()
        except worker.TooManyCrashes as e:
            crew.end()
            raise CommandError(f"{e} Whoever keeps this process should start it again.") from e
