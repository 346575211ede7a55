from __future__ import annotations

import django.db
import psycopg
import psycopg_pool
import pytest
import redis

from notifications import retry
from notifications.boards import BoardTooLarge
from notifications.retry import Breaker, Drift, Fault, Stopped


def longest(low, high):
    return high


def coded(sqlstate):
    """As the driver raises it, inside what Django makes of it."""
    error = django.db.DatabaseError("as Django says it")
    error.__cause__ = psycopg.errors.lookup(sqlstate)("as the server says it")
    return error


class TestFault:
    @pytest.mark.parametrize(
        ("sqlstate", "kind"),
        [
            ("08006", Fault.TRANSIENT),  # connection_failure
            ("53100", Fault.TRANSIENT),  # disk_full
            ("53300", Fault.TRANSIENT),  # too_many_connections
            ("57P01", Fault.TRANSIENT),  # admin_shutdown
            ("57P03", Fault.TRANSIENT),  # cannot_connect_now
            ("57014", Fault.TRANSIENT),  # query_canceled, by a timeout
            ("58030", Fault.TRANSIENT),  # io_error
            ("40001", Fault.TRANSIENT),  # serialization_failure
            ("40P01", Fault.TRANSIENT),  # deadlock_detected
            ("55P03", Fault.TRANSIENT),  # lock_not_available
            ("25006", Fault.TRANSIENT),  # read_only_sql_transaction
            ("25P03", Fault.TRANSIENT),  # idle_in_transaction_session_timeout
            ("28P01", Fault.TRANSIENT),  # invalid_password
            ("3D000", Fault.TRANSIENT),  # invalid_catalog_name
            ("XX001", Fault.TRANSIENT),  # data_corrupted
            ("42P01", Fault.DRIFT),  # undefined_table
            ("42703", Fault.DRIFT),  # undefined_column
            ("42804", Fault.DRIFT),  # datatype_mismatch
            ("428C9", Fault.DRIFT),  # generated_always
            ("42501", Fault.DRIFT),  # insufficient_privilege
            ("22001", Fault.POISON),  # string_data_right_truncation
            ("22P02", Fault.POISON),  # invalid_text_representation
            ("23502", Fault.POISON),  # not_null_violation
            ("23503", Fault.POISON),  # foreign_key_violation
            ("23505", Fault.POISON),  # unique_violation
            ("54000", Fault.POISON),  # program_limit_exceeded
            ("42601", Fault.BUG),  # syntax_error
            ("0A000", Fault.BUG),  # feature_not_supported
        ],
    )
    def test_goes_by_the_code_of_the_server(self, sqlstate, kind):
        assert retry.fault(coded(sqlstate)) is kind
        assert retry.fault(psycopg.errors.lookup(sqlstate)()) is kind

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (psycopg.OperationalError("server closed the connection"), Fault.TRANSIENT),
            (psycopg.InterfaceError("the connection is closed"), Fault.TRANSIENT),
            (psycopg_pool.PoolTimeout("no connection in 3 s"), Fault.TRANSIENT),
            (django.db.OperationalError("away"), Fault.TRANSIENT),
            (django.db.InterfaceError("closed"), Fault.TRANSIENT),
            (redis.ConnectionError("refused"), Fault.TRANSIENT),
            (redis.TimeoutError("no answer"), Fault.TRANSIENT),
            (redis.ResponseError("OOM command not allowed"), Fault.TRANSIENT),
            (ConnectionRefusedError(), Fault.TRANSIENT),
            (TimeoutError(), Fault.TRANSIENT),
            (Drift("columns"), Fault.DRIFT),
            (psycopg.DataError("text cannot contain NUL"), Fault.POISON),
            (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), Fault.POISON),
            (Stopped("at event 7"), Fault.POISON),
            (BoardTooLarge(), Fault.BUG),
            (KeyError("code"), Fault.BUG),
        ],
    )
    def test_goes_by_the_class_without_a_code(self, error, kind):
        assert retry.fault(error) is kind


class TestDescribe:
    def test_names_class_and_code(self):
        assert retry.describe(coded("22001")) == "StringDataRightTruncation 22001: as the server says it"

    @pytest.mark.django_db
    def test_leaves_out_the_values_of_a_row(self):
        with pytest.raises(django.db.IntegrityError) as caught, django.db.connection.cursor() as cursor:
            cursor.execute("INSERT INTO queueing_patient (reference, name, phone) VALUES ('P-1', 'Ann', '')")

        assert "Ann" in str(caught.value)
        assert "Ann" not in retry.describe(caught.value)


class TestDelay:
    @pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.5), (2, 1), (3, 2), (6, 16), (7, 30), (1000, 30)])
    def test_doubles_its_limit_up_to_half_a_minute(self, attempt, seconds):
        assert retry.delay(attempt=attempt, uniform=longest) == seconds

    def test_is_anything_between_nothing_and_the_limit(self):
        delays = [retry.delay(attempt=3) for _ in range(1000)]

        assert 0 <= min(delays) < 0.2
        assert 1.8 < max(delays) <= 2


class TestBreaker:
    def test_opens_after_five_in_a_row(self):
        breaker = Breaker()
        for _ in range(4):
            breaker.failed()
        assert not breaker.is_open

        breaker.failed()

        assert breaker.is_open

    def test_forgets_failures_that_are_not_in_a_row(self):
        breaker = Breaker()
        for _ in range(4):
            breaker.failed()
        breaker.succeeded()

        breaker.failed()

        assert not breaker.is_open
