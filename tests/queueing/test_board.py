from __future__ import annotations

import json
from datetime import timedelta

import pytest

from queueing import board, tickets, waiting
from queueing.models import Service
from tests.conftest import NINE


class TestBoard:
    def test_shows_one_line_at_one_version(self, issue, service, room, sofia):
        first, second, third = issue(), issue(), issue()
        tickets.call_next(room_id=room.pk, actor=sofia, at=NINE)

        shown = board.board(service.pk, NINE)

        assert shown["service"] == {"id": service.pk, "name": "General practice"}
        assert shown["version"] == Service.objects.get(pk=service.pk).line.version
        assert shown["waiting"] == [second.code, third.code]
        assert shown["calls"] == [
            {"id": f"{first.pk}-1", "code": "A-001", "room": "Room 1", "at": NINE.isoformat(), "name": None}
        ]
        assert (shown["open_rooms"], shown["estimate"]) == (1, {"low": 15, "high": 30})

    @pytest.mark.parametrize(("allowed", "shown"), [(True, {"Ana Example", None}), (False, {None})])
    def test_names_only_who_agreed_where_the_clinic_allows_it(
        self, issue, make_patient, make_room, service, sofia, allowed, shown
    ):
        service.names_on_displays = allowed
        service.save()
        for show_name in (True, False):
            patient = make_patient(name="Ana Example", show_name=show_name)
            ticket = issue(patient=patient)
            tickets.call(ticket_id=ticket.pk, room_id=make_room(service).pk, actor=sofia, at=NINE)

        assert {c["name"] for c in board.board(service.pk, NINE)["calls"]} == shown

    def test_promises_no_wait_for_a_closed_service(self, service):
        service.is_open = False
        service.save()

        assert board.board(service.pk, NINE)["estimate"] is None

    def test_gives_every_call_an_id_of_its_own(self, issue, service, room, sofia):
        ticket = issue()
        tickets.call_next(room_id=room.pk, actor=sofia, at=NINE)
        tickets.recall(ticket_id=ticket.pk, actor=sofia, at=NINE + timedelta(minutes=1))

        assert [c["id"] for c in board.board(service.pk, NINE)["calls"]] == [f"{ticket.pk}-2"]

    def test_forgets_a_call_that_was_taken_back(self, issue, service, room, sofia):
        ticket = issue()
        tickets.call_next(room_id=room.pk, actor=sofia, at=NINE)
        tickets.put_back(ticket_id=ticket.pk, actor=sofia, at=NINE)

        assert board.board(service.pk, NINE)["calls"] == []

    def test_fits_a_socket_however_long_the_day(self, issue, make_patient, make_room, service, sofia):
        for _ in range(board.CALLS + 5):
            patient = make_patient(name="Ñ" * 200, show_name=True)
            ticket = issue(patient=patient)
            tickets.call(ticket_id=ticket.pk, room_id=make_room(service).pk, actor=sofia, at=NINE)

        assert len(json.dumps(board.board(service.pk, NINE), ensure_ascii=False).encode()) < 48 * 1024

    def test_costs_the_same_whatever_waits(self, issue, service, django_assert_num_queries):
        for waits in (2, 20):
            for _ in range(waits):
                issue()
            with django_assert_num_queries(1):
                board.board(service.pk, NINE)

    def test_knows_no_service_that_is_not_there(self, db):
        with pytest.raises(Service.DoesNotExist):
            board.board(10**9, NINE)


class TestEstimate:
    @pytest.mark.parametrize(
        ("ahead", "pace", "low", "high"), [(0, 10, 0, 5), (1, 10, 5, 15), (4, 10, 30, 60), (3, 3.4, 5, 20)]
    )
    def test_is_a_range_of_fives_around_the_mean(self, ahead, pace, low, high):
        assert waiting.estimate(ahead=ahead, pace=pace) == waiting.Range(low=low, high=high)

    def test_takes_the_typical_minutes_until_enough_are_measured(self, service, room, make_room):
        make_room(service), make_room(service, is_open=False)

        assert waiting.paces([service.pk]) == {service.pk: 5.0}  # 10 minutes over 2 open rooms

    @pytest.mark.parametrize(("minutes", "pace"), [(24, 24.0), (-24 * 60, 10.0), (24 * 60, 10.0)])
    def test_takes_the_mean_of_the_last_consultations_but_those_over_a_jump_of_the_clock(
        self, issue, service, room, sofia, minutes, pace
    ):
        for _ in range(5):
            act = {"ticket_id": issue().pk, "actor": sofia}
            tickets.call(room_id=room.pk, at=NINE, **act)
            tickets.start(at=NINE, **act)
            tickets.complete(outcome="seen", at=NINE + timedelta(minutes=minutes), **act)

        assert waiting.paces([service.pk]) == {service.pk: pace}
