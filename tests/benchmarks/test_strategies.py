"""What the strategy bench counts is there; who is said to race does, and who is not does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError

import psycopg
import pytest

from bench import strategies
from bench.sections import strategies as section
from bench.strategies import Busy, judge, plot, tables
from bench.strategies.judge import Act
from bench.strategies.tables import Row
from tests.processes import database_url, wait_until

RACY = [
    ("max_plus_one", "issue"),
    ("max_plus_one", "call"),
    ("count_plus_one", "issue"),
    ("count_plus_one", "call"),
    ("cache_lock", "issue"),
    ("cache_lock", "call"),
    ("lock_then_commit", "call"),
    ("file_lock", "issue"),
    ("shifted_one_by_one", "call"),
]
SOUND = [
    ("lock_then_commit", "issue"),
    ("number_row", "issue"),
    ("number_row", "call"),
    ("file_lock", "call"),
    ("shifted_at_once", "issue"),
    ("shifted_at_once", "call"),
    ("ours", "issue"),
    ("ours", "call"),
]


class Meeting(psycopg.Connection):
    """One of two clients that wait for each other: after the first thing they read, or before they first commit.

    Where a lock keeps one of them away, not for long; where none does, until both are there, however slow the machine.
    """

    unlocked = False
    where, barrier = "", None

    def execute(self, query, *args, **kwargs):
        text = query.decode() if isinstance(query, bytes) else query
        done = super().execute(text.replace("FOR NO KEY UPDATE", "") if self.unlocked else text, *args, **kwargs)
        if text.startswith("SELECT") and not text.endswith("UPDATE"):
            self.meet("read")
        return done

    def commit(self):
        self.meet("commit")
        super().commit()

    def meet(self, where):
        if where == self.where:
            self.where = ""
            with suppress(BrokenBarrierError):  # the other one waits for the lock, as it should
                self.barrier.wait()


@pytest.fixture
def url(db, monkeypatch, tmp_path):
    monkeypatch.setenv("CLINIC_HOME", str(tmp_path))
    return database_url("default")


@pytest.fixture
def both(url):
    """What two clients are told who meet in a line of three, or the error that they get. The one is there first."""

    def both(name, verb, *, where, patience=10.0, unlocked=False):
        barrier = Barrier(2, timeout=patience)
        with (
            psycopg.connect(url, autocommit=True) as owner,
            Meeting.connect(url) as one,
            Meeting.connect(url) as other,
            ThreadPoolExecutor(2) as threads,
        ):
            tables.prepare(owner, name, 3)
            for db, its_place in zip((one, other), where, strict=True):
                tables.use(db, name, 3)
                db.unlocked, db.where, db.barrier = unlocked, its_place, barrier
            act = partial(ask, getattr(strategies.find(name), verb))
            first = threads.submit(act, one)
            wait_until(lambda: barrier.n_waiting or first.done())
            second = threads.submit(act, other)
            told = [first.result(), second.result()]
            tables.drop(owner, name, 3)
        return told

    return both


def ask(verb, db):
    """As often as it takes; a number or a ticket."""
    try:
        answer = verb(db)
    except Busy:
        db.rollback()
        return ask(verb, db)
    except psycopg.Error as error:
        db.rollback()
        return error
    return getattr(answer, "number", answer)


class TestTwoClientsWhoMeet:
    @pytest.mark.parametrize(("name", "verb"), RACY)
    def test_are_told_the_same(self, both, name, verb):
        one, other = both(name, verb, where=("commit" if name == "cache_lock" else "read", "read"))

        assert one == other

    @pytest.mark.parametrize("where", ["read", "commit"])
    @pytest.mark.parametrize(("name", "verb"), SOUND)
    def test_are_not_where_the_strategy_is_sound(self, both, name, verb, where):
        assert sorted(both(name, verb, where=(where, where), patience=0.2)) == ([4, 5] if verb == "issue" else [1, 2])

    def test_collide_in_ours_without_the_lock(self, both):
        """If this fails, the tests above prove nothing."""
        issued = both("ours", "issue", where=("read", "read"), unlocked=True)

        assert sum(isinstance(answer, psycopg.errors.UniqueViolation) for answer in issued) == 1
        assert both("ours", "call", where=("read", "read"), unlocked=True) == [1, 1]


WAITING = [Row(1, 1, "waiting"), Row(2, 2, "waiting")]
CALLED = [Row(1, 1, "called"), Row(2, 2, "waiting")]


def faults(*acts, after=CALLED):
    """Those that are not 0, of a day that began with tickets 1 and 2 waiting."""
    found = judge.faults(WAITING, acts, after)._asdict()
    return {name: number for name, number in found.items() if number}


class TestJudge:
    def test_finds_nothing_in_a_good_day(self):
        acts = [Act("issue", 1, 2, 3, 3), Act("call", 3, 4, 1), Act("call", 5, 6, 2), Act("call", 7, 8, 3)]

        assert faults(*acts, after=[Row(number, number, "called") for number in (1, 2, 3)]) == {}

    def test_finds_a_duplicate_code(self):
        assert faults(Act("issue", 1, 2, 3, 2), after=[*WAITING, Row(3, 2, "waiting")]) == {"duplicate_codes": 1}

    def test_finds_a_double_call(self):
        assert faults(Act("call", 1, 3, 1), Act("call", 2, 4, 1)) == {"double_calls": 1}

    @pytest.mark.parametrize("row", [[], [Row(3, 3, "called")]], ids=["gone", "called by nobody"])
    def test_finds_a_lost_ticket(self, row):
        assert faults(Act("issue", 1, 2, 3, 3), after=[*WAITING, *row]) == {"lost_tickets": 1}

    @pytest.mark.parametrize("told", [2, None], ids=["the one behind", "nobody"])
    def test_finds_a_call_that_passed_somebody_over(self, told):
        after = [Row(1, 1, "called"), Row(2, 2, "called")]
        acts = [Act("call", 1, 2, told), Act("call", 3, 4, 1), Act("call", 3, 4, 2 if told is None else 1)]

        assert faults(*acts, after=after)["order_violations"] == 1

    def test_leaves_open_who_was_first_of_two_at_the_same_time(self):
        issued = [Act("issue", 1, 3, 3, 3), Act("issue", 2, 4, 4, 4)]
        calls = [Act("call", 5, 7, 2), Act("call", 6, 8, 1), Act("call", 9, 10, 4), Act("call", 11, 12, 3)]

        assert faults(*issued, *calls, after=[]) == {}


class TestResults:
    @pytest.fixture
    def found(self):
        cell = dict.fromkeys([*section.FAULTS, "cycles", "rate", "p50", "p99", "gave_up"], 0)
        good = {clients: {"10": cell | {"rate": 100.0}, "1000": cell | {"rate": 90.0}} for clients in ("1", "8")}
        cells = dict.fromkeys(strategies.NAMES, good)
        bad = good | {"8": {length: cell | {"rate": 200.0, "double_calls": 1234} for length in ("10", "1000")}}
        return {"seconds": 2, "ceiling": {"1": 1000.0, "8": 2000.0}, "cells": cells | {"max_plus_one": bad}}

    def test_are_told(self, found):
        told = section.text(found)

        assert "max + 1, no lock, as read in FQM | 0 | 0 | 2,468 | 0 | 0 | 0 | 8 clients, 10 waiting |" in told
        assert "No fault in ours (goal): reached." in told
        assert "Ours keeps 0.90" in told

    def test_own_up_to_a_fault_of_ours(self, found):
        found["cells"]["ours"] = found["cells"]["max_plus_one"]

        assert "No fault in ours (goal): missed." in section.text(found)

    def test_are_drawn(self, found, tmp_path):
        plot.draw(found, tmp_path / "plot.svg")

        assert all(strategies.find(name).SHORT in (tmp_path / "plot.svg").read_text() for name in strategies.NAMES)
