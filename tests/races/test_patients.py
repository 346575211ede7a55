"""A patient who presses twice at once, or while the desk does something else."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User

from clinic import kiosk
from queueing import acting, integrity, self_service, tickets
from queueing.models import Event, Kiosk, Ticket
from tests.conftest import NINE

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

LATER = NINE + timedelta(minutes=30)


@pytest.fixture
def line(issue):
    return [issue(at=NINE + timedelta(minutes=number)) for number in range(3)]


def events(verb):
    return Event.objects.filter(verb=verb).count()


def type_names(results):
    return sorted(type(result).__name__ for result in results)


class TestMoreTimeAtOnce:
    def test_with_one_key_is_one_event_and_two_successes(self, at_once, line):
        press = partial(self_service.take_more_time, ticket_id=line[0].pk, key="k", at=LATER)

        results = at_once(press, press)

        assert type_names(results) == ["Ticket", "Ticket"]
        assert events("ticket.delayed") == 1

    def test_from_two_pages_is_one_event_and_one_refusal(self, at_once, line):
        press = partial(self_service.take_more_time, ticket_id=line[0].pk, at=LATER)

        results = at_once(press, press)

        assert type_names(results) == ["NotNow", "Ticket"]
        assert events("ticket.delayed") == 1
        assert not integrity.validate_queue_integrity(line[0].service_id).problems

    def test_collide_without_the_lock(self, at_once, line, without_the_lock, meet):
        """If this fails, the tests above prove nothing. The database still holds the rule."""
        meet(acting, "locked")
        press = partial(self_service.take_more_time, ticket_id=line[0].pk)

        results = at_once(partial(press, at=LATER), partial(press, at=LATER + timedelta(seconds=1)))

        assert "IntegrityError" in type_names(results)


class TestAPatientAndTheDesk:
    def test_who_leaves_while_called_is_either_gone_or_called_first(self, at_once, line, room):
        root = User.objects.create_superuser("root")
        for ticket in line:
            tickets_before = Event.objects.count()
            at_once(
                partial(self_service.leave, ticket_id=ticket.pk, at=LATER),
                partial(tickets.call, ticket_id=ticket.pk, room_id=room.pk, actor=root, at=LATER),
            )
            ticket.refresh_from_db()
            assert ticket.status == Ticket.Status.CANCELLED
            assert Event.objects.count() - tickets_before in (1, 2)
        assert not integrity.validate_queue_integrity(line[0].service_id).problems


def test_a_kiosk_pressed_ten_times_at_once_gives_one_ticket(at_once, service):
    entrance = Kiosk.objects.create(name="Entrance", slug="entrance", open_to_all=True)
    sent = {"language": "en", "service_id": service.pk, "has_number": "no", "key": "k"}

    results = at_once(*[lambda: kiosk.issue(kiosk.Answers(sent, entrance), NINE)] * 10)

    assert type_names(results) == ["Ticket"] * 10
    assert Ticket.objects.count() == 1
