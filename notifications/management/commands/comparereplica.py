from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import comparison

PAUSE = 0.2


class Command(BaseCommand):
    help = "Compares counts and checksums of every table that the replica shows. Exits 1 if they differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--wait",
            type=float,
            default=10,
            metavar="SECONDS",
            help="for the moment at which the replica has caught up (default: 10)",
        )

    def handle(self, *, wait: float, **options: Any) -> None:
        differences = self.compare(time.monotonic() + wait)
        for found in differences:
            self.stdout.write(
                f"{found.table}: {found.primary.rows} rows on the primary, {found.replica.rows} on the replica,"
                f" checksums {found.primary.checksum} and {found.replica.checksum}"
            )
        if differences:
            raise CommandError(f"{len(differences)} tables differ.")
        self.stdout.write("The replica is equal.")

    def compare(self, deadline: float) -> list[comparison.Difference]:
        while (differences := comparison.compare()) is None:
            if time.monotonic() > deadline:
                raise CommandError("The replica has not caught up, so nothing was compared. Is a worker running?")
            time.sleep(PAUSE)
        return differences
