from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from queueing import integrity
from queueing.models import Service


class Command(BaseCommand):
    help = "Check every line in SQL that trusts no constraint. Exits 1 when one is not sound."

    def handle(self, *args: Any, **options: Any) -> None:
        unsound = 0
        for service in Service.objects.order_by("name"):
            report = integrity.validate_queue_integrity(service.pk)
            self.stdout.write(f"{service}: {'; '.join(report.problems) or 'sound'}")
            unsound += bool(report.problems)
        if unsound:
            raise SystemExit(1)
