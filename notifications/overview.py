"""The page "Delivery": a report of `notifications.health` in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications import lights
from notifications.health import Compared, Report, WorkerHealth
from notifications.holder import Holder
from notifications.models import Cursor, DeadLetter, WorkerBeat
from notifications.progress import Progress

TAKES = {
    "audit": gettext_lazy("seals history into the audit trail"),
    "replica": gettext_lazy("keeps the second database equal"),
    "push": gettext_lazy("tells the screens"),
}


class Fact(NamedTuple):
    name: str
    words: str
    #: Asks for a person.
    problem: bool = False
    link: str = ""


class Card(NamedTuple):
    name: str
    note: str
    state: str
    working: bool
    problem: bool
    facts: list[Fact]


def context(report: Report) -> dict[str, Any]:
    return {
        "cards": [_card(sink, progress) for sink, progress in report["sinks"].items()],
        "around": _around(report),
        "well": lights.all_well(report),
        "now": date_format(timezone.localtime(), "H:i:s"),
    }


def _card(sink: str, progress: Progress) -> Card:
    state, note = progress["state"], str(TAKES.get(sink, ""))
    if state is None:
        return Card(sink, note, _("Unknown"), False, True, [])
    facts = [*_waiting(progress), *_working(progress), _letters(sink, progress), _last(sink, progress)]
    working, problem = state == Cursor.State.WORKING, lights.is_troubled(progress)
    return Card(sink, note, str(Cursor.State(state).label), working, problem, facts)


def _waiting(progress: Progress) -> list[Fact]:
    events, late = progress["pending_events"] or 0, lights.is_late(progress)
    if not events:
        return [Fact(_("Waits"), _("nothing"))]
    number = ngettext("%(events)s event", "%(events)s events", events) % {"events": _number(events)}
    return [
        Fact(_("Waits"), f"{number}, {filesizeformat(progress['pending_bytes'] or 0)}"),
        Fact(_("Behind by"), _span(progress["lag_seconds"] or 0), late),
        Fact(_("Oldest that waits"), _moment(progress["oldest_pending_at"]), late),
    ]


def _working(progress: Progress) -> list[Fact]:
    leader = _("%(name)s (number %(epoch)s)") % {"name": progress["leader"], "epoch": progress["epoch"]}
    facts = [Fact(_("Leader"), leader if progress["leader"] else _("nobody"))]
    if progress["failures"]:
        facts.append(Fact(_("Failures in a row"), str(progress["failures"]), True))
    if progress["retry_at"]:
        facts.append(Fact(_("Next try"), _moment(progress["retry_at"])))
    if progress["error"]:
        facts.append(Fact(_("Error"), progress["error"], True))
    return facts


def _letters(sink: str, progress: Progress) -> Fact:
    number = progress["dead_letters"] or 0
    if not number:
        return Fact(_("Dead letters"), _("none"))
    words = _("%(number)s, the oldest of %(at)s") % {
        "number": number,
        "at": _moment(progress["oldest_dead_letter_at"]),
    }
    return Fact(_("Dead letters"), words, True, _list("deadletter", sink, DeadLetter.Outcome.OPEN))


def _last(sink: str, progress: Progress) -> Fact:
    batch = progress["last_batch"]
    if not batch:
        return Fact(_("Last batch"), _("none yet"))
    events = ngettext("%(events)s event", "%(events)s events", batch["events"]) % {"events": _number(batch["events"])}
    words = _("%(events)s in %(seconds)s at %(at)s") % {
        "events": events,
        "seconds": _span(batch["seconds"]),
        "at": _moment(batch["at"]),
    }
    return Fact(_("Last batch"), words, link=_list("delivery", sink))


def _around(report: Report) -> list[Fact]:
    head = report["chain_head"]
    lost = report["activity_dropped"]
    return [
        *_worker(report["worker"]),
        Fact(_("Holds readers in order back"), _holder(report["horizon"]), lights.is_stalled(report["horizon"])),
        Fact(
            _("Head of the audit trail"),
            f"#{_number(head['seq'])} {head['hash'][:12]}…" if head else _("nothing sealed yet"),
        ),
        _comparison(report["last_comparison"]),
        Fact(_("Replica"), _up(report["replica"]), report["replica"] != "ok"),
        Fact(_("Redis"), _up(report["channel_layer"]), report["channel_layer"] != "ok"),
        Fact(_("Activity that this web process lost"), _number(lost) if lost else _("none")),
    ]


def _worker(worker: WorkerHealth) -> list[Fact]:
    if not worker["names"]:
        last = worker["last_beat"]
        words = _("none; the last one was heard at %s") % _moment(last) if last else _("none has ever been heard")
        return [Fact(_("Workers"), words, True)]
    path = WorkerBeat.WakePath(worker["wake_path"] or "poll")
    return [Fact(_("Workers"), ", ".join(worker["names"])), Fact(_("Wake"), str(path.label))]


def _holder(holder: Holder | None) -> str:
    if holder is None:
        return _("nobody")
    who = {
        "application": holder["application"] or _("somebody"),
        "pid": holder["pid"],
        "span": _span(holder["seconds"]),
    }
    if holder["pid"] is None:
        return _("%(application)s, open for %(span)s") % who
    return _("%(application)s (pid %(pid)s), open for %(span)s") % who


def _comparison(compared: Compared | None) -> Fact:
    if compared is None:
        return Fact(_("Last comparison with the replica"), _("none yet"))
    words = ngettext("%(number)s difference", "%(number)s differences", compared["differences"])
    words = words % {"number": _number(compared["differences"])}
    if compared["repaired"]:
        words = _("%s, repaired") % words
    words = _("%(differences)s at %(at)s") % {"differences": words, "at": _moment(compared["at"])}
    return Fact(_("Last comparison with the replica"), words, lights.differs(compared))


def _up(state: str) -> str:
    return _("answers") if state == "ok" else _("does not answer")


def _list(model: str, sink: str, outcome: str = "") -> str:
    chosen = {"sink__exact": sink} | ({"outcome__exact": outcome} if outcome else {})
    return f"{reverse(f'admin:notifications_{model}_changelist')}?{urlencode(chosen)}"


def _number(value: int) -> str:
    return str(number_format(value, force_grouping=True))


def _moment(at: str | None) -> str:
    """Today by the clock alone."""
    if at is None:
        return ""
    moment = timezone.localtime(datetime.fromisoformat(at))
    today = moment.date() == timezone.localdate()
    return date_format(moment, "H:i:s" if today else "DATETIME_FORMAT")


def _span(seconds: float) -> str:
    if seconds < 120:
        return _("%s s") % (f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}")
    if seconds < 7200:
        return _("%s min") % int(seconds // 60)
    return _("%s h") % int(seconds // 3600)
