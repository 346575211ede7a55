"""Whatever people do, in whatever order: the real clinic does what the model does, and its history can be true."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from queueing import ordering
from queueing.models import Service
from tests.proof.clinic import world
from tests.proof.machine import Clinic

#: Each example is a transaction: one around them all would last longer than the server lets it.
pytestmark = pytest.mark.django_db(transaction=True)
#: As it was found: thirty steps can be read, and to make them fewer takes longer than a test may.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
LIMITS = settings(max_examples=30, stateful_step_count=30, deadline=None, phases=PHASES)
FINDING = settings(LIMITS, max_examples=100, phases=[Phase.generate], derandomize=True, database=None)


@pytest.fixture
def clinic(make_service, make_room, sofia):
    """Two services; two rooms that serve both, and one that serves the second."""
    services = [make_service(prefix="A"), make_service(prefix="B", high_head_start_minutes=1)]
    make_room(*services), make_room(*services), make_room(services[1])
    known = world()
    return lambda: Clinic(known, sofia)


def test_the_clinic_and_the_model_agree(clinic):
    run_state_machine_as_test(clinic, settings=LIMITS)


class TestPlantedBug:
    def test_second_in_line(self, clinic, monkeypatch):
        right = ordering.head
        monkeypatch.setattr(ordering, "head", lambda lines: second(lines) or right(lines))
        with pytest.raises(AssertionError):
            run_state_machine_as_test(clinic, settings=FINDING)

    def test_head_start_ignored(self, clinic, monkeypatch):
        monkeypatch.setattr(Service, "head_start", lambda service, priority: 0)
        with pytest.raises(AssertionError):
            run_state_machine_as_test(clinic, settings=FINDING)


def second(lines):
    waiting = ordering.Ticket.objects.waiting().filter(service_id__in=[line.pk for line in lines]).in_line()
    return next(iter(waiting[1:2]), None)
