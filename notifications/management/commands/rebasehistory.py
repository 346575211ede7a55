from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from notifications import restore


class Command(BaseCommand):
    help = "After a restore of the primary, with all workers stopped: makes its history readable again."

    def handle(self, **options: Any) -> None:
        try:
            done = restore.rebase()
        except restore.WorkersAtWork as e:
            raise CommandError(f"Workers are reading history: stop {e} first. Nothing was changed.") from e
        except Error as e:
            raise CommandError(f"A database did not answer as it should; repeat this once it does: {e}") from e
        self.stdout.write(
            f"{done.sealed} events are sealed and stay so; {done.unsealed} will be sealed now."
            f" The replica will be filled and all boards sent again. {done.erased} patients were erased again."
        )
        if done.lost:
            self.stdout.write(f"The replica remembers {done.lost} lost audit entries, or more; history says so.")
