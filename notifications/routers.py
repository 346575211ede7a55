"""Which database. Both hold the same schema; only the primary captures and guards."""

from __future__ import annotations

from typing import Any

from django.db import models

PRIMARY = "default"
REPLICA = "replica"


class ReplicaRouter:
    """Nothing goes to the replica unless it says `using`."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        return None  # the primary, or where the instance came from that leads to it

    def db_for_write(self, model: type[models.Model], **hints: Any) -> str:
        return PRIMARY

    def allow_relation(self, first: models.Model, second: models.Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        return not (db == REPLICA and hints.get("primary_only"))
