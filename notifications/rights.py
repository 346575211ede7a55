"""Who may look at what was heard, and mend what was not: added to the groups of `queueing` by every `migrate`."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig

from queueing import groups

VIEWS = [
    *("view_auditentry", "view_delivery", "view_cursor", "view_activity"),
    *("view_deadletter", "view_comparison", "view_erasure"),
]


def give(app_config: AppConfig, using: str, **kwargs: Any) -> None:
    groups.give({"Supervisor": [*VIEWS, "change_deadletter"], "Auditor": VIEWS}, app_config, using)
