"""Who keeps the readers in order waiting is called by pid and application."""

from __future__ import annotations

from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from notifications import direct, holder, reader

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def another(using="default", **changed):
    with psycopg.connect(**{**direct.params(using, application="an import"), **changed}) as line:
        yield line


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(holder, "BRIEF", 0.0)


def write(line):
    line.execute("SELECT pg_current_xact_id()")


def test_is_nobody_when_nobody_writes():
    with another() as line:
        line.execute("SELECT 1")  # reading is free

        assert holder.find() is None


@pytest.mark.parametrize("database", [{}, {"dbname": "postgres"}], ids=["here", "in another database"])
def test_is_the_oldest_writer(database):
    with another(**database) as line, another(application_name="a later one") as later:
        write(line)
        horizon = reader.horizon()
        write(later)

        found = holder.find()

        assert (found["pid"], found["application"]) == (line.info.backend_pid, "an import")
        assert found["seconds"] >= 0
        assert reader.horizon() == horizon  # and that is who holds it
    assert holder.find() is None


def test_is_not_a_word_worth_in_the_first_second(monkeypatch):
    monkeypatch.setattr(holder, "BRIEF", 60.0)
    with another() as line:
        write(line)

        assert holder.find() is None


def test_is_not_the_one_who_asks():
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; SELECT pg_current_xact_id()")
        try:
            assert holder.find() is None
        finally:
            cursor.execute("ROLLBACK")
