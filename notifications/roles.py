"""What the role of web and worker may do on the primary: given by every `migrate` of the owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from psycopg import sql

GRANTS = (Path(__file__).parent / "sql" / "runtime_role.sql").read_text()
MAY_CREATE = "SELECT current_user, has_schema_privilege(current_schema(), 'CREATE')"
# The tables are there, somebody else than their owner is to work with them, and their owner is asking.
IS_OWNER = """
    SELECT EXISTS (
        SELECT FROM pg_class, pg_roles
        WHERE pg_class.oid = to_regclass('notifications_auditentry') AND rolname = %s AND rolname <> current_user
          AND pg_has_role(relowner, 'USAGE')
    )
"""
# To name whoever holds history back. Where the owner may not give it, the name stays unknown.
LACKS_STATS = """
    SELECT pg_has_role('pg_read_all_stats', 'MEMBER WITH ADMIN OPTION')
       AND NOT pg_has_role(%s, 'pg_read_all_stats', 'MEMBER')
"""


def refuse_without_ownership(using: str, plan: list[Any], **kwargs: Any) -> None:
    """Before a migration.

    :raises CommandError: if there is one to do, and the role may not do it
    """
    role, may = _ask(using, MAY_CREATE)
    if plan and not may:
        raise CommandError(
            f"The role {role} may not change tables, so nothing was migrated. Restart `make run`, which migrates by"
            " itself, or give `migrate` the address of the owner of the tables as DATABASE_URL."
        )


def grant(using: str, **kwargs: Any) -> None:
    """After a migration of the primary."""
    role = settings.RUNTIME_ROLE
    if using == "default" and _ask(using, IS_OWNER, role)[0]:
        _do(using, GRANTS, role)
        if _ask(using, LACKS_STATS, role)[0]:
            _do(using, "GRANT pg_read_all_stats TO {role}", role)


def _ask(using: str, question: str, *params: str) -> Any:
    with connections[using].cursor() as cursor:
        cursor.execute(question, params)
        return cursor.fetchone()


def _do(using: str, statements: str, role: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(sql.SQL(statements).format(role=sql.Identifier(role)))
