"""An event that commits late is read all the same, and a cursor by id would lose it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag

import pytest
from django.db import connection, transaction

from notifications import reader
from queueing import history
from queueing.models import Event, Room

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

WRITERS, ROUNDS = 6, 40


@pytest.fixture
def rooms():
    return [Room.objects.create(name=f"Room {number}") for number in range(WRITERS)]


@pytest.fixture
def slow_writer(rooms):
    """Takes its id now, commits when `finish()` is called."""
    written, may_commit = Flag(), Flag()

    def write():
        with transaction.atomic(), history.operation(actor="slow"):
            rooms[0].is_open = False
            rooms[0].save()
            written.set()
            may_commit.wait(10)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert written.wait(10)

        def finish():
            may_commit.set()
            writing.result(10)

        yield finish
        may_commit.set()


def quick_write(room):
    with history.operation(actor="quick"):
        room.is_open = False
        room.save()


def actors(events):
    return [event.actor for event in events if event.actor]


def read_by_id(last):
    """What nobody should do."""
    events = list(Event.objects.filter(id__gt=last).order_by("id"))
    return events, max((event.pk for event in events), default=last)


class TestALateCommit:
    def test_is_read_in_order_once_it_is_there(self, rooms, slow_writer):
        low = reader.in_order(low=0).low
        quick_write(rooms[1])

        first = reader.in_order(low=low)
        waiting = actors(first.events)
        slow_writer()
        second = reader.in_order(low=first.low)

        assert waiting == []  # the window ends below the open writer
        assert actors(second.events) == ["slow", "quick"]
        assert actors(reader.in_order(low=second.low).events) == []

    def test_is_read_by_state_without_waiting_for_it(self, rooms, slow_writer):
        with reader.by_state(low=0) as before:
            pass
        quick_write(rooms[1])

        with reader.by_state(low=before.low, seen=before.snapshot) as first:
            assert first.keys == {"queueing.room": [rooms[1].pk]}
        slow_writer()
        with reader.by_state(low=first.low, seen=first.snapshot) as second:
            assert second.keys == {"queueing.room": [rooms[0].pk]}
            assert not Room.objects.get(pk=rooms[0].pk).is_open

    def test_is_no_news_twice_while_a_writer_stays_open(self, rooms, slow_writer):
        quick_write(rooms[1])
        with reader.by_state(low=0) as first:
            pass

        assert not reader.has_news(low=first.low, seen=first.snapshot)
        assert reader.has_news(low=first.low)  # without the snapshot the same events come again and again

    def test_is_lost_by_a_cursor_of_ids(self, rooms, slow_writer):
        """If this fails, the tests above prove nothing."""
        last = Event.objects.order_by("-id").first().pk
        quick_write(rooms[1])

        first, last = read_by_id(last)
        slow_writer()
        second, last = read_by_id(last)

        assert actors([*first, *second]) == ["quick"]


class TestManyWriters:
    def test_lose_nothing_and_repeat_nothing_in_order(self, rooms):
        seen, low = [], reader.in_order(low=0).low
        with ThreadPoolExecutor(WRITERS) as pool:
            writers = [pool.submit(write_at_random, room, seed) for seed, room in enumerate(rooms)]
            while not all(writer.done() for writer in writers):
                low = collect(seen, low)
        low = collect(seen, low)

        written = Event.objects.exclude(actor="")
        assert sorted(seen) == sorted(written.values_list("id", flat=True))
        assert all(writer.result() for writer in writers)


def collect(seen, low):
    window = reader.in_order(low=low)
    seen += [event.pk for event in window.events if event.actor]
    return window.low


def write_at_random(room, seed):
    chance = random.Random(seed)
    try:
        for _ in range(ROUNDS):
            with transaction.atomic(), history.operation(actor=f"writer {seed}"):
                for _ in range(chance.randint(1, 3)):
                    room.is_open = not room.is_open
                    room.save()
                if chance.random() < 0.1:
                    transaction.set_rollback(True)
            room.refresh_from_db()
        return True
    finally:
        connection.close()
