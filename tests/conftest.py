"""People, places and times that tests share. Each fixture that makes a row returns a function with defaults."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, User
from django.core.management.commands import flush
from django.db import connection
from django.utils import translation

from notifications import activity
from queueing import tickets
from queueing.models import Patient, Room, RoomService, Service, Ticket

#: Made by `migrate`, changed by no test.
RIGHTS = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def settle():
    """Run the deferred triggers now, so that a test may alter the tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def codes(service):
    """Of those who wait, in the order of their call."""
    return list(Ticket.objects.waiting().filter(service=service).in_line().values_list("code", flat=True))


@pytest.fixture(autouse=True, scope="session")
def groups_stay():
    """Tables are emptied between two tests, but for groups and permissions: making them again took half the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", _empty_all_but_rights)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args: None)
        yield


def _empty_all_but_rights(style, connection, **options):
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return connection.ops.sql_flush(style, [table for table in tables if table not in RIGHTS], **options)


@pytest.fixture(autouse=True)
def no_activity(monkeypatch):
    """The log's thread writes outside every test's transaction. Tests of the log have writers of their own."""
    monkeypatch.setattr(activity.writer, "limit", 0)


@pytest.fixture(autouse=True)
def english():
    """The language of a request stays in its thread after it."""
    yield
    translation.deactivate()


@pytest.fixture
def make_user(db):
    def make(name, group=None, **kwargs):
        user = User.objects.create_user(name, **kwargs)  # without a password: hashing one takes longer than most tests
        if group:
            user.groups.add(Group.objects.get(name=group))
        return user

    return make


@pytest.fixture
def maria(make_user):
    """She sits at the desk."""
    return make_user("maria", "Receptionist")


@pytest.fixture
def omar(make_user):
    """He sees patients."""
    return make_user("omar", "Clinician", is_staff=True)


@pytest.fixture
def sofia(make_user):
    """She may do everything."""
    return make_user("sofia", "Supervisor", is_staff=True)


@pytest.fixture
def ada(make_user):
    """She looks, and changes nothing."""
    return make_user("ada", "Auditor", is_staff=True)


@pytest.fixture
def make_service(db):
    letters = iter("MNOPQRSTUVWXYZ")

    def make(**kwargs):
        prefix = kwargs.pop("prefix", None) or next(letters)
        return Service.objects.create(**{"name": f"Service {prefix}", "prefix": prefix, **kwargs})

    return make


@pytest.fixture
def make_room(db):
    numbers = iter(range(1, 1000))

    def make(*services, **kwargs):
        room = Room.objects.create(**{"name": f"Room {next(numbers)}", **kwargs})
        for service in services:
            RoomService.objects.create(room=room, service=service)
        return room

    return make


@pytest.fixture
def make_patient(db):
    numbers = iter(range(1, 1000))

    def make(**kwargs):
        return Patient.objects.create(**{"reference": f"P-{next(numbers)}", **kwargs})

    return make


@pytest.fixture
def service(make_service):
    return make_service(name="General practice", prefix="A")


@pytest.fixture
def room(make_room, service):
    return make_room(service)


@pytest.fixture
def issue(sofia, service):
    """A ticket of `service`, or of another one, issued by the supervisor at nine."""

    def make(**kwargs):
        return tickets.issue(**{"service_id": service.pk, "actor": sofia, "at": NINE, **kwargs})

    return make


@pytest.fixture
def at(sofia):
    """Brings a ticket into a state by the verbs that lead there."""

    def bring(ticket, status, room):
        act = {"ticket_id": ticket.pk, "actor": sofia, "at": NINE}
        if status == Ticket.Status.HELD:
            return tickets.hold(**act)
        if status == Ticket.Status.CANCELLED:
            return tickets.cancel(**act)
        if status != Ticket.Status.WAITING:
            ticket = tickets.call(room_id=room.pk, **act)
        if status == Ticket.Status.MISSED:
            return tickets.miss(**act)
        if status in (Ticket.Status.SERVING, Ticket.Status.COMPLETED):
            ticket = tickets.start(**act)
        if status == Ticket.Status.COMPLETED:
            ticket = tickets.complete(outcome="seen", **act)
        return ticket

    return bring
