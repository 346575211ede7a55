"""Six desks do whatever they like at once, for a while: what they were told, history and the rows agree.

This is also what holds the checker to the real clinic: that the order of events is the order in which things happened.
"""

from __future__ import annotations

import random
import uuid
from functools import partial

import pytest
from django.db import Error
from django.utils import timezone

from queueing import ordering, refusals, tickets, undoing
from queueing.models import Event, Patient, Ticket
from tests.proof import clinic
from tests.proof.checker import check
from tests.proof.journal import Journal, read
from tests.proof.model import FROM, PATIENTS

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

DESKS, ACTS = 6, 50
#: What each verb calls the rows that a journal names.
NAMES = {"service": "service_id", "room": "room_id", "ticket": "ticket_id", "event": "event_id"}


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    yield journal
    journal.close()


@pytest.fixture
def problems(tmp_path):
    return lambda: [
        str(found) for found in check(read(tmp_path.iterdir()), clinic.events(), clinic.rows(), clinic.world())
    ]


@pytest.fixture
def desk(journal, superuser):
    """One operation, and what came of it in the journal."""

    def ask(verb, proc, patient=None, **given):
        key = uuid.uuid4().hex
        act = {NAMES.get(name, name): value for name, value in given.items()} | (
            {"patient": patient} if patient else {}
        )
        op = journal.invoke(verb, proc=proc, key=key, **given)
        try:
            ticket = getattr(undoing if verb == "undo" else tickets, verb)(
                **act, key=key, actor=superuser, at=timezone.now()
            )
        except refusals.TicketError as refusal:
            journal.fail(op, refusal.code)
        except Error:  # waited too long, or a rule of the database
            journal.unknown(op)
        else:
            journal.ok(op, ticket.pk)

    return ask


class Clerk:
    def __init__(self, number, desk, rooms, services):
        self.number, self.desk, self.rooms, self.services = number, desk, rooms, services
        self.random = random.Random(number)

    def work(self):
        for _ in range(ACTS):
            self.act(*self.choose())

    def choose(self):
        """A verb, and a ticket that it could be done to when it was looked at."""
        newest = Ticket.objects.order_by("-pk")
        newest = list((Ticket.objects.recently_called() if self.random.random() < 0.6 else newest)[:8])
        if not newest or self.random.random() < 0.4:
            return self.random.choice(["issue", "call_next"]), {}
        ticket = self.random.choice(newest)
        fit = [verb for verb, starts in FROM.items() if ticket.status in starts and verb not in PATIENTS]
        verb = self.random.choice([*fit, "undo"])
        last = Event.objects.filter(model="queueing.ticket", object_id=ticket.pk).order_by("-id").first()
        return verb, {"event": last.pk} if verb == "undo" else {"ticket": ticket.pk}

    def act(self, verb, about):
        needs = {
            "issue": {"service": self.of(self.services), "priority": self.priority()},
            "call_next": {"room": self.of(self.rooms)},
            "call": {"room": self.of(self.rooms)},
            "transfer": {"service": self.of(self.services), "at_end": self.random.random() < 0.5},
            "put_back": {"at_end": self.random.random() < 0.5},
            "prioritise": {"priority": self.priority()},
            "move": {"place": self.random.randint(1, 4), "reason": "faint"},
            "complete": {"outcome": "seen"},
            "reopen": {"reason": "came back"},
        }
        patient = self.patient() if verb == "issue" else None
        self.desk(verb, self.number, patient=patient, **about, **needs.get(verb, {}))

    def patient(self):
        """Nobody, somebody new, or somebody known whose name is spelt otherwise now."""
        chance, number = self.random.random(), self.random.randint(1, 12)
        known = Patient.objects.filter(reference=f"P-{number}").first()
        if chance < 0.5:
            return None
        patient = known or Patient(reference=f"P-{number}")
        patient.name = f"Ana {self.random.randint(1, 3)}"
        return patient

    def of(self, rows):
        return self.random.choice(rows).pk

    def priority(self):
        return self.random.choice(["high", "medium", "low"])


@pytest.fixture
def two_lines(make_service, make_room):
    """Three rooms: one for each service, and one for both."""
    services = [make_service(prefix="A"), make_service(prefix="B", high_head_start_minutes=1)]
    return [make_room(*services), make_room(services[0]), make_room(services[1])], services


def test_many_desks_at_once_leave_a_history_that_can_be_true(at_once, desk, two_lines, problems):
    found = at_once(*[Clerk(number, desk, *two_lines).work for number in range(DESKS)])

    assert [error for error in found if error] == []
    assert problems() == []
    assert Event.objects.filter(model="queueing.ticket").count() > DESKS * ACTS / 4
    assert Event.objects.filter(model="queueing.patient").exists()


def test_without_the_lock_two_rooms_call_the_same_ticket(at_once, desk, two_lines, problems, without_the_lock, meet):
    """The negative control."""
    rooms, services = two_lines
    desk("issue", 1, service=services[0].pk)
    meet(ordering, "head")

    at_once(*[partial(desk, "call_next", number, room=rooms[number].pk) for number in (0, 1)])

    assert any("already_called" in problem for problem in problems())
