from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.models import Cursor, DeadLetter
from notifications.sinks import base


class Command(BaseCommand):
    help = "Tries again what a sink has put aside, or what a worker died of. Call it once the cause is mended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sink")

    def handle(self, *, sink: str, **options: Any) -> None:
        known = sorted(Cursor.objects.values_list("sink", flat=True))
        if sink not in known:
            raise CommandError(f"There is no sink {sink!r}. There are: {', '.join(known) or 'none yet'}.")
        base.forgive(sink)
        letters = DeadLetter.objects.filter(sink=sink, outcome=DeadLetter.Outcome.OPEN)
        number = letters.update(retry_at=timezone.now())
        self.stdout.write(f"The worker tries {sink} again. Rows that were put aside and are tried too: {number}.")
