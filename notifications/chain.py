"""The audit trail as a chain: each entry's hash covers its content and the hash before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from notifications.models import AuditAnchor, AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How many entries are sound, the hash of the last of them, and what is wrong with the next, if anything."""

    entries: int
    head: str
    bad_seq: int | None = None
    problem: str = ""


def digest(entry: AuditEntry) -> str:
    """SHA-256 over every field, each led by its length, so that no two entries read the same."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    changes = json.dumps(entry.changes, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    told = (entry.actor, entry.sentence, entry.verb, entry.model, entry.object_id, changes, entry.reason)
    parts = [str(part).encode() for part in (entry.previous_hash, entry.seq, entry.event_id, at, *told)]
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()


def verify(entries: Iterable[AuditEntry], anchors: dict[int, str]) -> Verdict:
    """Walk the trail from its first entry until something is wrong. `anchors` says what hash an entry must have."""
    seq, head = 0, ""
    for entry in entries:
        problem = _problem(entry, seq + 1, head, anchors)
        if problem:
            return Verdict(entries=seq, head=head, bad_seq=min(entry.seq, seq + 1), problem=problem)
        seq, head = entry.seq, entry.hash
    if any(anchored > seq for anchored in anchors):
        return Verdict(entries=seq, head=head, bad_seq=seq + 1, problem="is missing, and the replica knows of it")
    return Verdict(entries=seq, head=head)


def anchors() -> dict[int, str]:
    """What the replica remembers of the trail: number -> hash."""
    return dict(AuditAnchor.objects.using("replica").values_list("seq", "hash"))


def _problem(entry: AuditEntry, seq: int, head: str, anchors: dict[int, str]) -> str:
    if entry.seq != seq:
        return "is missing"
    if entry.previous_hash != head:
        return "does not follow the entry before it"
    if entry.hash != digest(entry):
        return "is not what was sealed"
    if anchors.get(seq, entry.hash) != entry.hash:
        return "is not what the replica remembers"
    return ""
