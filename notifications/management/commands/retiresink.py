from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import progress
from notifications.models import Cursor
from notifications.sinks import base


class Command(BaseCommand):
    help = "Forgets a sink that the program no longer has, so that history is no longer kept for it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sink")
        parser.add_argument(
            "--force", action="store_true", help="also one that the program has; it reads everything again"
        )

    def handle(self, *, sink: str, force: bool, **options: Any) -> None:
        known = sorted(Cursor.objects.values_list("sink", flat=True))
        if sink not in known:
            raise CommandError(f"There is no sink {sink}. There are: {', '.join(known) or 'none'}.")
        if sink in progress.SINKS and not force:
            raise CommandError(f"The program still delivers to {sink}, so it was not retired. Insist with --force.")
        base.retire(sink)
        self.stdout.write(f"Retired {sink}. History is no longer kept for it.")
