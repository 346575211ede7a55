"""The audit trail as a chain: each entry's hash covers its content and the hash before it.

Note [What finds what]
The hashes find an entry that was edited, taken out, put in or moved. Whoever also computes all later hashes again, cuts
off the end, or puts an old copy back leaves a chain that is sound in itself. That is found by the anchors, which stand
on another server, and by the events, as long as they are kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from notifications import limits
from notifications.models import AuditEntry

#: What a hash covers, in this order.
SEALED = (
    *("previous_hash", "seq", "event_id", "at", "actor", "sentence"),
    *("verb", "model", "object_id", "changes", "reason"),
)
CHUNK = 2000
UNLIKE_ITS_EVENT = """
    SELECT min(entry.seq) FROM notifications_auditentry entry JOIN queueing_event event ON event.id = entry.event_id
    WHERE (entry.at, entry.actor, entry.verb, entry.model, entry.object_id, entry.changes, entry.reason)
       <> (event.at, event.actor, event.verb, event.model, event.object_id, event.changes, event.reason)
"""
UNSEALED = """
    SELECT min(event.id) FROM queueing_event event
    WHERE txid < (SELECT low FROM notifications_cursor WHERE sink = 'audit')
      AND NOT EXISTS (SELECT FROM notifications_auditentry entry WHERE entry.event_id = event.id)
"""
as_text = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many entries are sound, the hash of the last of them, and what is wrong after that, in a sentence.

    `bad_seq` is None if nothing is wrong, or if what is wrong is not one entry.
    """

    entries: int
    head: str
    bad_seq: int | None = None
    problem: str = ""


def digest(entry: AuditEntry) -> str:
    """SHA-256 over every field, each led by its length, so that no two entries read the same."""
    return _digest(*(getattr(entry, name) for name in SEALED))


def verify(anchors: dict[int, str]) -> Verdict:
    """Walk the trail from its first entry until something is wrong.

    `anchors` says what hash an entry must have. Read them first: the trail must not be older than they are.
    """
    with limits.snapshot("default"):
        entries = AuditEntry.objects.order_by("seq").values_list(*SEALED, "hash").iterator(chunk_size=CHUNK)
        found = _walk(entries, anchors, _ask(UNLIKE_ITS_EVENT))
        unsealed = None if found.problem else _ask(UNSEALED)
    if unsealed is not None:
        return Verdict(entries=found.entries, head=found.head, problem=f"Event {unsealed} has no entry any more")
    return found


def _digest(previous_hash: str, seq: int, event_id: int, at: datetime, *told: Any) -> str:
    actor, sentence, verb, model, object_id, changes, reason = told
    when = at.astimezone(UTC).isoformat(timespec="microseconds")
    numbers = (previous_hash, str(seq), str(event_id), when, str(object_id))
    parts = (*numbers, actor, sentence, verb, model, as_text(changes), reason)
    return hashlib.sha256("".join([f"{len(part)}:{part}" for part in parts]).encode()).hexdigest()


def _walk(entries: Iterable[tuple[Any, ...]], anchors: dict[int, str], unlike: int | None) -> Verdict:
    seq, head, before = 0, "", ""
    for *content, found in entries:
        if seq and content[0] == before:
            return Verdict(entries=seq - 1, head=before, bad_seq=seq, problem=f"Entry {seq} was put in")
        problem = _problem(content, found, seq + 1, head) or _contradiction(seq + 1, found, anchors, unlike)
        if problem:
            return Verdict(entries=seq, head=head, bad_seq=seq + 1, problem=f"Entry {seq + 1} {problem}")
        seq, head, before = seq + 1, found, head
    if any(anchored > seq for anchored in anchors):
        missing = f"Entry {seq + 1} is missing, and the replica remembers {max(anchors)} entries"
        return Verdict(entries=seq, head=head, bad_seq=seq + 1, problem=missing)
    return Verdict(entries=seq, head=head)


def _problem(content: list[Any], found: str, seq: int, head: str) -> str:
    """What the trail itself shows."""
    if content[1] != seq:
        return "is missing"
    if content[0] != head:
        return "does not follow the entry before it"
    if found != _digest(*content):
        return "is not what was sealed"
    return ""


def _contradiction(seq: int, found: str, anchors: dict[int, str], unlike: int | None) -> str:
    """What others know better: see Note [What finds what]."""
    if seq == unlike:
        return "does not say what its event says"
    if anchors.get(seq, found) != found:
        sure = max((anchored for anchored in anchors if anchored < seq), default=0)
        return f"is not what the replica remembers; it was changed, or one of those after {sure} before it"
    return ""


def _ask(question: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(question)
        answer: int | None = cursor.fetchone()[0]
    return answer
