"""The verbs: each works, refuses the wrong state, refuses who may not, and answers who comes second."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queueing import history, refusals, tickets
from queueing.models import Event, Patient, Room, Service, Ticket
from tests.conftest import NINE, codes

TEN = NINE + timedelta(hours=1)
Status = Ticket.Status


#: verb -> (what it needs besides, the states it starts from, the state it ends in, a group that may not)
VERBS = {
    "recall": ({}, [Status.CALLED], Status.CALLED, "Auditor"),
    "start": ({}, [Status.CALLED], Status.SERVING, "Auditor"),
    "miss": ({}, [Status.CALLED], Status.MISSED, "Auditor"),
    "complete": ({"outcome": "seen"}, [Status.CALLED, Status.SERVING], Status.COMPLETED, "Receptionist"),
    "cancel": ({}, [Status.WAITING, Status.HELD, Status.CALLED], Status.CANCELLED, "Auditor"),
    "hold": ({}, [Status.WAITING], Status.HELD, "Auditor"),
    "release": ({}, [Status.HELD], Status.WAITING, "Auditor"),
    "put_back": ({}, [Status.CALLED, Status.SERVING, Status.MISSED], Status.WAITING, "Auditor"),
    "prioritise": ({"priority": "high"}, [Status.WAITING], Status.WAITING, "Auditor"),
    "move": ({"place": 1, "reason": "faint"}, [Status.WAITING], Status.WAITING, "Auditor"),
    "reopen": ({"reason": "came back"}, [Status.COMPLETED], Status.SERVING, "Clinician"),
}
PAST = {
    "recall": "recalled",
    "start": "started",
    "miss": "missed",
    "complete": "completed",
    "cancel": "cancelled",
    "hold": "held",
    "release": "released",
    "put_back": "put_back",
    "prioritise": "prioritised",
    "move": "moved",
    "reopen": "reopened",
}


class TestEveryVerb:
    @pytest.mark.parametrize(("verb", "start"), [(v, s) for v, (_, starts, _, _) in VERBS.items() for s in starts])
    def test_works_and_leaves_one_event(self, verb, start, issue, room, at, sofia):
        needs, _, end, _ = VERBS[verb]
        ticket = at(issue(), start, room)
        before = history.of(ticket).count()

        changed = getattr(tickets, verb)(ticket_id=ticket.pk, actor=sofia, at=TEN, **needs)

        assert changed.status == Ticket.objects.get(pk=ticket.pk).status == end
        written = history.of(ticket)[: history.of(ticket).count() - before]
        # A move of the only ticket, or to where it stands, changes nothing and says nothing.
        assert [e.verb for e in written] == ([] if verb == "move" else [f"ticket.{PAST[verb]}"])
        assert all(e.actor == "sofia" and e.at == TEN for e in written)

    @pytest.mark.parametrize(
        ("verb", "start"), [(v, s) for v, (_, starts, _, _) in VERBS.items() for s in Status if s not in starts]
    )
    def test_refuses_the_wrong_state_and_says_who_was_there_before(self, verb, start, issue, room, at, sofia):
        ticket = at(issue(), start, room)

        with pytest.raises(refusals.WrongState, match=r"A-001 is .* sofia did that at 09:00\. Nothing") as refusal:
            getattr(tickets, verb)(ticket_id=ticket.pk, actor=sofia, at=TEN, **VERBS[verb][0])

        assert refusal.value.code == f"already_{start}"
        assert refusal.value.ticket.status == start

    @pytest.mark.parametrize("verb", VERBS)
    def test_refuses_who_may_not(self, verb, issue, room, at, make_user):
        needs, starts, _, group = VERBS[verb]
        ticket = at(issue(), starts[0], room)

        with pytest.raises(refusals.NotAllowed):
            getattr(tickets, verb)(ticket_id=ticket.pk, actor=make_user("nobody", group), at=TEN, **needs)

        assert Ticket.objects.get(pk=ticket.pk).status == starts[0]

    @pytest.mark.parametrize("verb", sorted(set(VERBS) - {"recall", "prioritise", "move"}))
    def test_happens_once(self, verb, issue, room, at, sofia):
        needs, starts, _, _ = VERBS[verb]
        ticket = at(issue(), starts[0], room)
        getattr(tickets, verb)(ticket_id=ticket.pk, actor=sofia, at=TEN, **needs)

        with pytest.raises(refusals.WrongState):
            getattr(tickets, verb)(ticket_id=ticket.pk, actor=sofia, at=TEN, **needs)

    @pytest.mark.parametrize("verb", VERBS)
    def test_knows_no_ticket_that_is_not_there(self, verb, sofia):
        with pytest.raises(Ticket.DoesNotExist):
            getattr(tickets, verb)(ticket_id=10**9, actor=sofia, at=TEN, **VERBS[verb][0])


class TestIssue:
    def test_gives_codes_in_order_and_starts_again_every_day(self, issue):
        assert [issue().code, issue().code] == ["A-001", "A-002"]
        assert issue(at=NINE + timedelta(days=1)).code == "A-001"

    def test_counts_the_day_of_the_clinic_not_of_greenwich(self, issue, settings):
        settings.TIME_ZONE = "Pacific/Auckland"

        assert str(issue(at=NINE.replace(hour=12)).day) == "2026-03-03"

    def test_gives_no_code_twice_when_the_clock_goes_back_a_day(self, issue):
        issue(at=NINE + timedelta(days=1))

        late = issue(at=NINE)

        assert (str(late.day), late.code) == ("2026-03-03", "A-002")

    def test_keeps_the_order_when_the_clock_stands_still(self, issue, service):
        issued = [issue().code for _ in range(5)]

        assert codes(service) == issued

    def test_puts_priorities_by_their_head_start(self, issue, service):
        low, medium, high = issue(), issue(priority="medium"), issue(priority="high")

        assert codes(service) == [high.code, medium.code, low.code]

    def test_never_lets_anybody_starve_behind_a_small_head_start(self, issue, service):
        service.high_head_start_minutes = 60
        service.save()
        patient, urgent = issue(), issue(priority="high", at=NINE + timedelta(minutes=61))

        assert codes(service) == [patient.code, urgent.code]

    def test_takes_the_next_free_position_when_a_head_start_lands_on_another_ticket(self, issue, service):
        service.medium_head_start_minutes = 60
        service.save()
        low = issue()

        medium = issue(priority="medium", at=NINE + timedelta(minutes=60))

        assert medium.position == low.position + 1

    def test_happens_once_for_one_key(self, issue):
        assert issue(key="k").pk == issue(key="k").pk
        assert Ticket.objects.count() == 1

    def test_refuses_a_key_of_another_action(self, issue, room, sofia):
        issue(key="k")

        with pytest.raises(refusals.KeyReused):
            tickets.call_next(room_id=room.pk, key="k", actor=sofia, at=NINE)

    def test_refuses_a_closed_service(self, issue, service):
        service.is_open = False
        service.save()

        with pytest.raises(refusals.ServiceClosed, match="General practice is closed"):
            issue()

    def test_refuses_a_patient_who_waits_already(self, issue, make_patient):
        patient = make_patient()
        issue(patient=patient)

        with pytest.raises(refusals.AlreadyWaiting):
            issue(patient=patient)

    def test_saves_a_new_patient_with_the_ticket_or_not_at_all(self, issue, service):
        issue(patient=Patient(reference="P-1", name="Ana"))
        service.is_open = False
        service.save()
        with pytest.raises(refusals.ServiceClosed):
            issue(patient=Patient(reference="P-2", name="Omar"))

        assert [patient.reference for patient in Patient.objects.all()] == ["P-1"]
        assert Event.objects.get(verb="patient.added").actor == "sofia"

    def test_refuses_who_may_not(self, issue, ada):
        with pytest.raises(refusals.NotAllowed):
            issue(actor=ada)

    def test_knows_no_service_that_is_not_there(self, issue):
        with pytest.raises(Service.DoesNotExist):
            issue(service_id=10**9)

    def test_stores_what_the_patient_is_told(self, issue, room):
        issue()

        second = issue()

        assert (second.estimate_low, second.estimate_high) == (5, 15)  # 1 ahead x 10 minutes / 1 room


class TestCallNext:
    def test_takes_the_head_of_the_line(self, issue, room, sofia):
        issue()
        urgent = issue(priority="high")

        called = tickets.call_next(room_id=room.pk, actor=sofia, at=TEN)

        assert (called.pk, called.status, called.room, called.call_count) == (urgent.pk, Status.CALLED, room, 1)

    def test_takes_the_smallest_position_among_the_services_of_the_room(self, issue, make_service, make_room, sofia):
        blood, nurse = make_service(prefix="C"), make_service(prefix="B")
        first = issue(service_id=nurse.pk)
        issue(service_id=blood.pk, at=TEN)

        assert tickets.call_next(room_id=make_room(blood, nurse).pk, actor=sofia, at=TEN).pk == first.pk

    def test_says_that_nobody_is_waiting(self, room, sofia):
        with pytest.raises(refusals.NobodyWaiting, match="Nobody is waiting for Room 1"):
            tickets.call_next(room_id=room.pk, actor=sofia, at=TEN)

    def test_never_completes_who_is_in_the_room(self, issue, room, sofia):
        first = issue()
        issue()
        tickets.call_next(room_id=room.pk, actor=sofia, at=NINE)

        with pytest.raises(refusals.RoomBusy, match="Room 1 is busy with A-001 since 09:00") as refusal:
            tickets.call_next(room_id=room.pk, actor=sofia, at=TEN)

        assert refusal.value.ticket.pk == first.pk
        assert Ticket.objects.get(pk=first.pk).status == Status.CALLED

    def test_refuses_a_closed_room(self, issue, room, sofia):
        issue()
        room.is_open = False
        room.save()

        with pytest.raises(refusals.RoomClosed):
            tickets.call_next(room_id=room.pk, actor=sofia, at=TEN)

    def test_happens_once_for_one_key(self, issue, room, sofia):
        issue(), issue()

        pair = [tickets.call_next(room_id=room.pk, key="k", actor=sofia, at=TEN).pk for _ in range(2)]

        assert pair[0] == pair[1]

    def test_refuses_who_may_not(self, issue, room, ada):
        issue()

        with pytest.raises(refusals.NotAllowed):
            tickets.call_next(room_id=room.pk, actor=ada, at=TEN)

    def test_knows_no_room_that_is_not_there(self, sofia):
        with pytest.raises(Room.DoesNotExist):
            tickets.call_next(room_id=10**9, actor=sofia, at=TEN)


class TestCall:
    @pytest.mark.parametrize("start", [Status.WAITING, Status.HELD])
    def test_calls_out_of_turn_and_from_hold(self, start, issue, room, at, sofia):
        issue()
        ticket = at(issue(), start, room)

        assert tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=TEN).status == Status.CALLED

    def test_refuses_a_room_that_does_not_serve_it(self, issue, make_room, sofia):
        with pytest.raises(refusals.RoomDoesNotServe, match="Room 1 does not serve General practice"):
            tickets.call(ticket_id=issue().pk, room_id=make_room().pk, actor=sofia, at=TEN)

    def test_says_what_happened_to_a_ticket_that_is_called_already(self, issue, room, make_room, service, sofia):
        ticket = issue()
        tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=NINE)

        with pytest.raises(refusals.WrongState, match=r"A-001 is called \(Room 1\): sofia did that at 09:00"):
            tickets.call(ticket_id=ticket.pk, room_id=make_room(service).pk, actor=sofia, at=TEN)


class TestComplete:
    @pytest.mark.parametrize("outcome", ["referred", "left", "duplicate", "other"])
    def test_needs_a_reason_for_an_unusual_outcome(self, outcome, issue, room, at, omar):
        ticket = at(issue(), Status.SERVING, room)

        with pytest.raises(refusals.ReasonNeeded):
            tickets.complete(ticket_id=ticket.pk, outcome=outcome, reason="  ", actor=omar, at=TEN)

        done = tickets.complete(ticket_id=ticket.pk, outcome=outcome, reason="to the hospital", actor=omar, at=TEN)
        assert (done.completed_by, done.outcome, done.reason) == ("omar", outcome, "to the hospital")
