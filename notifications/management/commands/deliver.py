from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import restore, worker


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
        if restore.from_the_future():
            raise CommandError(restore.WHAT_TO_DO)
        if once:
            worker.deliver_pending()
        else:
            self.run(worker.Worker(worker.sinks()))

    def run(self, crew: worker.Worker) -> None:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, end)
        try:
            crew.run()
        except Ended:
            crew.end()
        else:
            crew.end()
            raise CommandError("A sink died. Whoever keeps this process should start it again.")
