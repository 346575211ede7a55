"""Who holds back those who read history in order."""

from __future__ import annotations

from typing import TypedDict

from django.db import connection

#: Seconds that a transaction may be open before it is worth a word.
BRIEF = 1.0
# The oldest that has written and is still open, in any database of the server.
HOLDER = """
    SELECT pid, application, extract(epoch FROM clock_timestamp() - since) FROM (
        SELECT pid, application_name AS application, backend_xid AS xid, xact_start AS since
        FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
        UNION ALL
        SELECT NULL, 'prepared transaction ' || gid, transaction, prepared FROM pg_prepared_xacts
    ) AS writer ORDER BY age(xid) DESC LIMIT 1
"""


class Holder(TypedDict):
    #: None of a prepared transaction, which no process holds.
    pid: int | None
    application: str
    #: Since it began.
    seconds: float


def find() -> Holder | None:
    """None when nobody has held anything back for longer than a moment."""
    with connection.cursor() as cursor:
        cursor.execute(HOLDER)
        pid, application, seconds = cursor.fetchone() or (None, "", None)
    # PostgreSQL hides when other roles' transactions began from those who may not read all statistics.
    if seconds is None or seconds < BRIEF:
        return None
    return Holder(pid=pid, application=application, seconds=round(float(seconds), 1))
