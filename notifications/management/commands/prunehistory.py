from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications import pruning


class Command(BaseCommand):
    help = (
        "Removes old events that are sealed and that every sink has taken. The audit trail keeps them."
        " Old records of batches, closed dead letters and activity go too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=30, help="how long events are kept (default: 30, at least 1)")
        parser.add_argument("--chunk", type=int, default=5000, help="events a transaction (default: 5000)")

    def handle(self, *, days: int, chunk: int, **options: Any) -> None:
        if days < 1 or chunk < 1:
            raise CommandError("Both --days and --chunk must be 1 or more. Nothing was removed.")
        if waiting := pruning.sinks_that_never_read():
            raise CommandError(
                f"Nothing was removed, because {', '.join(waiting)} has not read any history yet. Is a worker running?"
            )
        removed = 0
        while found := pruning.prune_chunk(days=days, chunk=chunk):
            removed += found
        records = pruning.prune_records(days=days, chunk=chunk)
        self.stdout.write(
            f"Removed {removed} events and {records} records of batches and activity older than {days} days."
        )
