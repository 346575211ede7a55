from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from notifications import comparison
from notifications.models import Comparison

#: Rows of a table that are named.
SHOWN = 20


class Command(BaseCommand):
    help = "Compares every row that the replica shows, while the clinic works. Exits 1 if any differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--repair", action="store_true", help="copy the rows that differ again, and exit 0")

    def handle(self, *, repair: bool, **options: Any) -> None:
        try:
            self.compare(repair=repair)
        except comparison.NeverFilled as e:
            raise CommandError(
                "The replica was never filled, so there is nothing to compare."
                " Start a worker, or run resyncreplica once."
            ) from e
        except Error as e:
            raise CommandError(f"The comparison was broken off, and nothing was repaired: {e}".strip()) from e

    def compare(self, *, repair: bool) -> None:
        look = comparison.look()
        found = [difference for difference in look.differences if not difference.pending]
        self.list(found)
        copied = comparison.repair(found) if found and repair else None
        Comparison.objects.create(
            at=timezone.now(), rows=look.rows, differences=len(found), repaired=copied is not None
        )
        if copied is not None:
            self.stdout.write(f"{rows(len(found))} repaired: {copied} copied, with what was on its way.")
        elif found:
            raise CommandError(f"{rows(len(found))} of {look.rows} not the same. Repair with comparereplica --repair.")
        else:
            self.stdout.write(f"The replica is equal: {look.rows} rows, {len(look.differences)} of them on their way.")

    def list(self, found: Iterable[comparison.Difference]) -> None:
        for model, group in groupby(found, key=lambda difference: difference.model):
            differences = [*group]
            for difference in differences[:SHOWN]:
                self.stdout.write(f"{model._meta.db_table} {difference.key}: {difference.kind}")
            if len(differences) > SHOWN:
                self.stdout.write(f"{model._meta.db_table}: and {len(differences) - SHOWN} more")


def rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"
