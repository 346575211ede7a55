"""What in a report asks for a person. `/health` and the page "Delivery" go by the same rules."""

from __future__ import annotations

from notifications.health import Compared, Report
from notifications.holder import Holder
from notifications.models import Cursor
from notifications.progress import Progress

#: Seconds that a sink may be behind before somebody should look.
LATE = 60.0
#: Seconds that a writer may keep readers in order waiting.
STALLED = 30.0


def all_well(report: Report) -> bool:
    states = {report["replica"], report["channel_layer"], report["worker"]["state"]}
    troubled = any(is_troubled(sink) for sink in report["sinks"].values())
    return states == {"ok"} and not (troubled or is_stalled(report["horizon"]) or differs(report["last_comparison"]))


def is_troubled(sink: Progress) -> bool:
    return sink["state"] != Cursor.State.WORKING or bool(sink["dead_letters"]) or is_late(sink)


def is_late(sink: Progress) -> bool:
    return (sink["lag_seconds"] or 0) > LATE


def is_stalled(holder: Holder | None) -> bool:
    return holder is not None and holder["seconds"] > STALLED


def differs(compared: Compared | None) -> bool:
    """The replica shows something else than the primary holds, as far as anybody knows."""
    return compared is not None and compared["differences"] > 0 and not compared["repaired"]
