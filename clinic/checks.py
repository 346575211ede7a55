"""Says what is wrong with the settings, and what to do about it. `env` refuses what cannot be an address at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import connections

from clinic import programs, translations


@register(Tags.database)
def replica_is_a_database_of_its_own(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if address("default") != address("replica"):
        return []
    return [
        checks.Error(
            "The replica is the same database as the primary.",
            hint="Give REPLICA_URL a database of its own: the worker writes over what is in there.",
            id="clinic.E001",
        )
    ]


@register(Tags.database)
def servers_are_new_enough(app_configs: Any, databases: Sequence[str] | None, **kwargs: Any) -> list[CheckMessage]:
    versions = {alias: connections[alias].get_database_version()[0] for alias in databases or ()}
    return [
        checks.Error(
            f"The server of database {alias!r} is PostgreSQL {version}.",
            hint=f"Use PostgreSQL {programs.NEEDED_MAJOR} or newer.",
            id="clinic.E002",
        )
        for alias, version in versions.items()
        if version < programs.NEEDED_MAJOR
    ]


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if "*" not in settings.ALLOWED_HOSTS:
        return []
    return [
        checks.Warning(
            "ALLOWED_HOSTS lets every name in.",
            hint="Set ALLOWED_HOSTS to the clinic's own names: sockets are checked against them too.",
            id="clinic.W001",
        )
    ]


@register(Tags.translation)
def catalogs_are_compiled(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    stale = [path.parent.parent.name for path in translations.catalogs() if translations.is_stale(path)]
    if not stale:
        return []
    return [
        checks.Warning(
            f"The texts in {', '.join(stale)} are not compiled, or were changed since.",
            hint="Run manage.py translations; until then people read what was compiled before, or English.",
            id="clinic.W002",
        )
    ]


def address(alias: str) -> tuple[Any, ...]:
    found = settings.DATABASES[alias]
    return (found["HOST"] or found["OPTIONS"].get("host"), found["PORT"], found["NAME"])
