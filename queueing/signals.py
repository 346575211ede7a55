"""Every save and every delete of a tracked row is recorded. Receivers do nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from queueing import history
from queueing.models import Event
from queueing.tracking import Tracked


def record_save(instance: Tracked, created: bool, update_fields: Iterable[str] | None, **kwargs: Any) -> None:
    history.record(instance, Event.Action.INSERT if created else Event.Action.UPDATE, only=update_fields)


def record_delete(instance: Tracked, **kwargs: Any) -> None:
    history.record(instance, Event.Action.DELETE)
