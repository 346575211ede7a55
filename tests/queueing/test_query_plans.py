"""Calling and the board go through the partial unique index, and read as much of it whatever the length of the line."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueing import board, integrity, ordering
from queueing.models import Ticket
from tests.conftest import NINE, settle

INDEX = "ticket_one_per_position_while_waiting"
#: Pages that a deeper index may cost.
MORE = 4


def explain(query):
    """The plan of a query as it ran: names of its indexes, and the 8 kB pages it touched."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}")
        (answer,) = cursor.fetchone()
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    text = json.dumps(plan)
    return text, plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


@pytest.fixture
def fill(issue, service):
    """So many waiting tickets, and some hundred closed ones, written fast."""

    def fill(waiting):
        issue()
        settle()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE queueing_ticket DISABLE TRIGGER USER")
            cursor.execute("DELETE FROM queueing_ticket")
            cursor.execute(
                "INSERT INTO queueing_ticket (service_id, code, day, priority, status, position, token, call_count,"
                " issued_at, ended_at, completed_by, outcome, reason, needs_fetching, needs_interpreter,"
                " needs_wheelchair) SELECT %s, 'A-' || n, '2026-03-02', 'low',"
                " CASE WHEN n <= %s THEN 'waiting' ELSE 'cancelled' END, n + %s, 't' || n, 0, now(),"
                " CASE WHEN n <= %s THEN NULL ELSE now() END, '', '', '', false, false, false"
                " FROM generate_series(1, %s) n",
                # Each filling stands before the one it replaces, whose dead entries would be read on the way.
                [service.pk, waiting, 10**9 // waiting, waiting, waiting + 500],
            )
            cursor.execute("ANALYZE queueing_ticket")

    return fill


def heaviest(captured):
    """Index names and pages of all statements on tickets, but for the count of the line (one index-only scan)."""
    plans = [explain(q["sql"]) for q in captured if "queueing_ticket" in q["sql"] and "COUNT(" not in q["sql"]]
    return " ".join(text for text, _ in plans), sum(pages for _, pages in plans)


def pages_of_a_check(service):
    with CaptureQueriesContext(connection) as captured:
        assert integrity.validate_queue_integrity(service.pk).problems == []
    _, pages = heaviest([query for query in captured if "unexplained" in query["sql"]])
    return pages


@pytest.fixture
def years(service):
    """So many tickets of other days."""

    def years(tickets):
        settle()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE queueing_ticket DISABLE TRIGGER USER")
            cursor.execute(
                "INSERT INTO queueing_ticket (service_id, code, day, priority, status, position, token, call_count,"
                " issued_at, called_at, ended_at, completed_by, outcome, reason, needs_fetching, needs_interpreter,"
                " needs_wheelchair) SELECT %s, 'A-' || n %% 100, date '2026-02-01' - n / 100, 'low', 'completed', n,"
                " 'o' || n, 1, now(), now(), now(), 'omar', 'seen', '', false, false, false"
                " FROM generate_series(1, %s) n",
                [service.pk, tickets],
            )
            cursor.execute("ANALYZE queueing_ticket")

    return years


class TestPlans:
    @pytest.mark.parametrize("read", ["head", "board"])
    def test_use_the_partial_index_and_do_not_grow(self, read, fill, service):
        pages = {}
        for waiting in (1_000, 10_000):
            fill(waiting)
            lines = ordering.lock(service.pk)
            with CaptureQueriesContext(
                connection,
            ) as captured:
                ordering.head(lines) if read == "head" else board.board(service.pk, NINE)
            used, pages[waiting] = heaviest(captured)
            assert INDEX in used

        assert pages[10_000] <= pages[1_000] + MORE

    def test_see_growth_where_there_is_some(self, fill, service):
        """If this fails, the test above cannot see a line being read whole."""
        pages = {}
        for waiting in (1_000, 10_000):
            fill(waiting)
            whole = Ticket.objects.waiting().filter(service=service).order_by("token").query
            _, pages[waiting] = explain(str(whole).replace(" = waiting", " = 'waiting'"))

        assert pages[10_000] > pages[1_000] + MORE

    def test_no_check_reads_the_tickets_of_years(self, issue, years, service):
        issue()
        before = pages_of_a_check(service)
        years(20_000)
        _, whole = explain("SELECT * FROM queueing_ticket")

        assert pages_of_a_check(service) < before + whole / 10
