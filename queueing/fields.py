"""Column types and defaults that Django does not bring."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class TransactionIdField(models.Field):
    """A 64-bit transaction id (`xid8`): an int in Python, compared by PostgreSQL."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "xid8"

    def from_db_value(self, value: str | None, *args: Any) -> int | None:
        return None if value is None else int(value)

    def to_python(self, value: Any) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> str | None:
        value = super().get_prep_value(value)
        return None if value is None else str(value)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        return value if hasattr(value, "resolve_expression") else self.get_prep_value(value)


class CurrentTransaction(models.Func):
    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionIdField()


class EventBytes(models.Func):
    """The size of what an event says, exact when it is written."""

    template = (
        "octet_length(model) + octet_length(verb) + octet_length(actor) + octet_length(reason)"
        " + octet_length(changes::text)"
    )
    output_field = models.IntegerField()


def new_token() -> str:
    """128 random bits that fit an address: who has it, has the ticket."""
    return secrets.token_urlsafe(16)
