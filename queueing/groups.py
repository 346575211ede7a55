"""Who may do what: four groups, made and completed by every `migrate`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.apps import AppConfig
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

VIEWS = [
    *("view_service", "view_room", "view_roomservice"),
    *("view_display", "view_displayservice", "view_kiosk", "view_device"),
    *("view_patient", "view_ticket", "view_event"),
]
SETUP = [
    f"{act}_{model}"
    for act in ("add", "change", "delete")
    for model in ("service", "room", "roomservice", "display", "displayservice", "kiosk")
] + ["pair_device", "delete_device"]
GROUPS = {
    "Receptionist": [
        "issue_ticket",
        "call_ticket",
        "arrange_ticket",
        "add_patient",
        "change_patient",
        *VIEWS,
    ],
    "Clinician": ["call_ticket", "arrange_ticket", "complete_ticket", *VIEWS],
    "Supervisor": [
        *("issue_ticket", "call_ticket", "arrange_ticket", "complete_ticket", "reopen_ticket"),
        *("add_patient", "change_patient", *SETUP, *VIEWS),
    ],
    "Auditor": VIEWS,
}


def make_groups(app_config: AppConfig, using: str, **kwargs: Any) -> None:
    give(GROUPS, app_config, using)


def give(rights: Mapping[str, list[str]], app_config: AppConfig, using: str) -> None:
    """After a migration of the primary: a group that is missing is made, a permission that is missing is given."""
    if using != "default":
        return
    create_permissions(app_config, using=using, verbosity=0)
    permissions = Permission.objects.filter(content_type__app_label=app_config.label)
    for name, codenames in rights.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*permissions.filter(codename__in=codenames))
