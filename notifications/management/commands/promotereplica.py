from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from notifications import promotion
from notifications.models import ReplicaState

DONE = """The replica is a primary now. It shows every transaction of the old one before {low}; the youngest thing that
happened to a ticket in there is of {moment}.

What to do next:
  1. Set DATABASE_URL to what REPLICA_URL is now, and REPLICA_URL to an empty database.
  2. manage.py migrate, and manage.py migrate --database replica
  3. manage.py createsuperuser: people and their groups were not on the replica.
  4. Start the clinic.
Never start the old primary with a worker again. Should it come back, this lists there what was not carried over:
  SELECT * FROM queueing_event WHERE txid >= '{low}'::xid8 AND NOT pg_visible_in_snapshot(txid, '{snapshot}')
See docs/operations.md."""


class Command(BaseCommand):
    help = "Makes the replica a primary, once the primary is lost."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="also if the primary answers")

    def handle(self, *, force: bool, **options: Any) -> None:
        try:
            state = promotion.check(force=force)
            promotion.promote()
            self.stdout.write(self.text(state))
        except promotion.CannotPromote as e:
            raise CommandError(f"{e} Nothing was changed.") from e
        except Error as e:
            raise CommandError(f"The replica could not be promoted, nothing was changed: {e}".strip()) from e

    def text(self, state: ReplicaState) -> str:
        moment = promotion.last_moment()
        return DONE.format(
            low=state.low,
            snapshot=state.snapshot,
            moment=f"{moment:%Y-%m-%d %H:%M:%S %Z}" if moment else "no day: there is none",
        )
