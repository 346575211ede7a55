"""Start-up checks: every model is tracked or says why not, and the database carries the triggers that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from queueing.models import TRACKED, UNTRACKED
from queueing.tracking import Tracked

TRIGGERS = {f"{model._meta.model_name}_has_history" for model in TRACKED} | {
    "event_is_history",
    "ticket_rules",
    "ticket_steps_back",
}


@register(Tags.models)
def every_model_is_tracked(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """A model that is neither Tracked nor listed in UNTRACKED with a reason could change without history."""
    return [
        Error(
            f"{model.__name__} is neither tracked nor listed as untracked.",
            hint="Inherit queueing.tracking.Tracked and join TRACKED, or name it in UNTRACKED with the reason.",
            obj=model,
            id="queueing.E001",
        )
        for model in apps.get_app_config("queueing").get_models()
        if not (issubclass(model, Tracked) and model in TRACKED) and model not in UNTRACKED
    ]


@register(Tags.database)
def every_trigger_stands(databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    """Runs with `migrate` and `check --database default`."""
    if "default" not in (databases or []):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT to_regclass('queueing_ticket') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []  # before the first migration
        cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")
        missing = TRIGGERS - {name for (name,) in cursor.fetchall()}
    return [
        Error(
            f"The trigger {name} is missing or disabled: changes could be made without history.",
            hint="The schema was changed by hand. Create it again from queueing/sql, or enable the trigger.",
            id="queueing.E002",
        )
        for name in sorted(missing)
    ]
