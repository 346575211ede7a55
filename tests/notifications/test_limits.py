from __future__ import annotations

import pytest
from django.db import connection, transaction

from notifications import limits

pytestmark = pytest.mark.django_db(transaction=True)


def limit(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [name])
        return cursor.fetchone()[0]


def test_last_to_the_end_of_the_transaction():
    before = limit("statement_timeout")
    with transaction.atomic():
        limits.extend("default")

        assert limit("statement_timeout") == limits.BATCH
        assert limit("idle_in_transaction_session_timeout") == limits.PAUSE
        assert limit("transaction_timeout") in ("0", None)  # None: a server before 17
    assert limit("statement_timeout") == before != limits.BATCH
