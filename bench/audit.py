"""Verifying the audit trail, beside a bare loop of SHA-256 over the same bytes in turns with it.

One process, and a database of its own. The events are those of a clinic that issues tickets; sealing them is measured
on the way.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from unittest import mock

import django

django.setup()

from django.db import connection  # noqa: E402

from notifications import anchors, chain  # noqa: E402
from notifications.sinks.audit import AuditSink  # noqa: E402

ENTRIES = 50_000
ROUNDS = 5
EVENTS = f"""
    INSERT INTO queueing_event (at, model, object_id, service_id, action, verb, actor, reason, changes)
    SELECT now(), 'queueing.ticket', n, 1, 'insert', 'ticket.issued', 'maria', '', jsonb_build_object(
        'id', jsonb_build_array(NULL, n), 'code', jsonb_build_array(NULL, 'A-' || n),
        'status', jsonb_build_array(NULL, 'waiting'), 'priority', jsonb_build_array(NULL, 'low'),
        'position', jsonb_build_array(NULL, 1772442000000000 + n), 'token', jsonb_build_array(NULL, '•'),
        'issued_at', jsonb_build_array(NULL, now()), 'service_id', jsonb_build_array(NULL, 1))
    FROM generate_series(1, {ENTRIES}) AS n
"""


def main() -> None:
    with connection.cursor() as cursor:
        cursor.execute(EVENTS)
    sealed = per_second(lambda: AuditSink().step())
    said = contents()
    rounds = [(per_second(verify), per_second(lambda: bare(said))) for _ in range(ROUNDS)]
    verified, hashed = (round(median(rates)) for rates in zip(*rounds, strict=True))
    found = {"entries": ENTRIES, "sealed": round(sealed), "verified": verified, "bare_sha256": hashed}
    print(json.dumps({"audit_per_second": found}))


def per_second(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return ENTRIES / (time.perf_counter() - began)


def verify() -> None:
    verdict = chain.verify(anchors.known())
    assert (verdict.entries, verdict.problem) == (ENTRIES, "")


def contents() -> list[bytes]:
    """The bytes that each hash covers."""
    said: list[bytes] = []

    def listen(content: bytes) -> Any:
        said.append(content)
        return SHA256(content)

    with mock.patch.object(chain.hashlib, "sha256", listen):
        verify()
    return said


SHA256 = hashlib.sha256


def bare(said: list[bytes]) -> None:
    for content in said:
        SHA256(content).hexdigest()


if __name__ == "__main__":
    main()
