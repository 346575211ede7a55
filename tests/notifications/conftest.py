from __future__ import annotations

import os
from types import SimpleNamespace

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from notifications import boards, direct
from notifications.models import AuditEntry
from notifications.sinks.audit import AuditSink
from notifications.sinks.push import PushSink
from queueing import history, tickets
from queueing.models import Display, DisplayService, Room, RoomService, Service
from tests.processes import database_url


@pytest.fixture
def redis():
    client = boards.blocking_client()
    client.flushdb()
    yield client
    client.flushdb()


@pytest.fixture
def clinic(db):
    """Two services that one room serves, another room for the first, and a display that shows the first."""
    with history.operation(actor="setup"):
        first = Service.objects.create(name="General practice", prefix="A", names_on_displays=True)
        second = Service.objects.create(name="Blood tests", prefix="B")
        room = Room.objects.create(name="Room 1")
        other = Room.objects.create(name="Room 2")
        for serving, served in ((room, first), (room, second), (other, first)):
            RoomService.objects.create(room=serving, service=served)
        hall = Display.objects.create(name="Hall", slug="hall", open_to_all=True)
        DisplayService.objects.create(display=hall, service=first)
    return SimpleNamespace(first=first, second=second, room=room, other=other, hall=hall)


@pytest.fixture
def sink(redis, clinic):
    sink = PushSink()
    while sink.step():
        pass
    yield sink
    sink.close()


@pytest.fixture
def desk(sofia):
    """Verbs, done now by a supervisor."""

    def issue(service, priority="low"):
        return tickets.issue(service_id=service.pk, priority=priority, actor=sofia, at=timezone.now())

    def call_next(room):
        return tickets.call_next(room_id=room.pk, actor=sofia, at=timezone.now())

    def complete(ticket):
        return tickets.complete(ticket_id=ticket.pk, outcome="seen", actor=sofia, at=timezone.now())

    return SimpleNamespace(issue=issue, call_next=call_next, complete=complete)


@pytest.fixture
def line():
    """A connection as web and worker have it under `make run`."""
    params = direct.params("default", application="test-at-work") | {"user": settings.RUNTIME_ROLE}
    with psycopg.connect(**params, autocommit=True) as found:
        yield found


@pytest.fixture
def at_work(transactional_db):
    """This test's own connection becomes the role of web and worker."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {settings.RUNTIME_ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.RUNTIME_ROLE,)  # nobody took another connection meanwhile
        cursor.execute("RESET ROLE")


@pytest.fixture
def environment(transactional_db):
    """Of a process that works on the databases of this test."""
    return {
        **os.environ,
        "DATABASE_URL": database_url("default"),
        "REPLICA_URL": database_url("replica"),
        "REDIS_URL": settings.REDIS_URL,
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def on_replica():
    """A statement there; what it returns undoes another one at the end."""
    undone = []

    def run(statement, *, undo=""):
        undone.append(undo)
        with connections["replica"].cursor() as cursor:
            cursor.execute(statement)

    yield run
    for statement in filter(None, reversed(undone)):
        with connections["replica"].cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def trail(clinic, desk):
    """Three tickets and a call, sealed with all that came before. The number of entries."""
    for _ in range(3):
        desk.issue(clinic.first)
    desk.call_next(clinic.room)
    AuditSink().step()
    return AuditEntry.objects.count()
