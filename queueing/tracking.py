"""Rows that cannot change without history. The database refuses it too (sql/guard.sql); this says so earlier."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, time
from typing import Any, ClassVar, NoReturn, Self

from django.db import models, transaction

MASK = "•"

Changes = dict[str, list[Any]]


class UntrackedWrite(TypeError):
    """The call would change rows without an Event for each. Save the rows one by one, or call a verb of `tickets`."""


class TrackedQuerySet(models.QuerySet[Any]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise UntrackedWrite(f"{self.model.__name__}: update() leaves no history; save each row.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UntrackedWrite(f"{self.model.__name__}: bulk_create() leaves no history; save each row.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UntrackedWrite(f"{self.model.__name__}: bulk_update() leaves no history; save each row.")


class Tracked(models.Model):
    """A model whose every change leaves an Event. `personal` columns stand in history as a dot."""

    personal: ClassVar[frozenset[str]] = frozenset()
    objects = TrackedQuerySet.as_manager()

    _before: dict[str, Any]

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before = {}

    def save(self, *args: Any, **kwargs: Any) -> None:
        """The row and its history are one transaction, also where nobody opened one."""
        with transaction.atomic(savepoint=False):
            super().save(*args, **kwargs)

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any) -> Self:
        row = super().from_db(db, field_names, values, **kwargs)
        row.remember()
        return row

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self.remember()

    def remember(self) -> None:
        """Take the row as it is now for what the database holds."""
        self._before = self._now()

    def shown_on(self) -> set[int]:
        """Services whose boards show this row."""
        return set()

    def changes(self, only: Iterable[str] | None = None) -> Changes:
        """Column -> [before, after], of the columns named in `only` or of all that differ."""
        now, names = self._now(), _columns(type(self), only)
        return {
            name: self._pair(name, self._before.get(name), now[name])
            for name in names
            if name in now and self._before.get(name) != now[name]
        }

    def removal(self) -> Changes:
        return {name: self._pair(name, was, None) for name, was in self._now().items() if was is not None}

    def _now(self) -> dict[str, Any]:
        loaded = self.__dict__
        return {f.attname: loaded[f.attname] for f in self._meta.concrete_fields if f.attname in loaded}

    def _pair(self, name: str, before: Any, after: Any) -> list[Any]:
        if name in self.personal:
            return [before and MASK, after and MASK]
        return [_plain(before), _plain(after)]


def _columns(model: type[models.Model], only: Iterable[str] | None) -> list[str]:
    fields = model._meta.concrete_fields
    if only is None:
        return [field.attname for field in fields]
    named = set(only)
    return [field.attname for field in fields if field.name in named or field.attname in named]


def _plain(value: Any) -> Any:
    """As JSON has it, times to the microsecond."""
    return value.isoformat() if isinstance(value, datetime | date | time) else value
