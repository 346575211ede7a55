from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from notifications.sinks import replica


class Command(BaseCommand):
    help = "Copies everything to the replica again, in one snapshot, while the clinic works."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"Copied {replica.resync()} rows.")
