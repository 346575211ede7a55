"""Two Valkeys: each group of the channel layer lives in one of them, and screens hear of everything."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest
import redis as client
from channels_redis.utils import _consistent_hash
from websockets.sync.client import connect

from notifications import groups
from queueing import history
from queueing.models import DisplayService, Room, RoomService, Service
from tests.acceptance.faults import servers
from tests.acceptance.faults.running import Person, done
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]


@pytest.fixture
def valkeys():
    with ExitStack() as stack:
        yield [stack.enter_context(servers.valkey()).url for _ in range(2)]


@pytest.fixture
def services(clinic):
    """One whose group is in the first, one whose group is in the second, each with a room; a display shows both."""
    found = {}
    for prefix in "CDEFGHIJ":
        with history.operation(actor="setup"):
            service = Service.objects.create(name=f"Service {prefix}", prefix=prefix)
            room = Room.objects.create(name=f"Room {prefix}")
            RoomService.objects.create(room=room, service=service)
            DisplayService.objects.create(display=clinic.hall, service=service)
        found[_consistent_hash(groups.line(service.pk), 2)] = (service, room)
    assert set(found) == {0, 1}
    return list(found.values())


def heard(screen):
    """The codes that are called on the next board."""
    while "board" not in (message := json.loads(screen.recv(timeout=20))):
        pass
    return [call["code"] for call in message["board"]["calls"]]


def test_a_screen_hears_of_lines_in_both(sofia, services, valkeys, start_web, start_worker):
    both = ",".join(valkeys)
    start_worker(REDIS_URL=both)
    _, site = start_web(REDIS_URL=both)
    person = Person(sofia, site)

    with connect(f"{site.replace('http', 'ws')}/ws/display/hall/", proxy=None) as screen:
        heard(screen)
        for service, room in services:
            assert done(person.issue(service))
            assert done(person.call_next(room))
            wait_until(lambda service=service: f"{service.prefix}-001" in heard(screen))
        for url in valkeys:
            with client.Redis.from_url(url) as valkey:
                assert any(b"__group__" in channel for channel in valkey.pubsub_channels())
