"""The primary dies, stays away, or has no room: whatever somebody was told of is there, and the clinic comes back."""

from __future__ import annotations

import secrets
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event as Flag

import psycopg
import pytest
import requests
from django.core.management import call_command
from django.db import Error, connection, connections
from django.utils import timezone

from notifications import direct
from queueing import tickets
from queueing.models import Event, Ticket
from tests.acceptance.faults.invariants import check_everything
from tests.acceptance.faults.running import Person, kept_as
from tests.processes import wait_until

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(180),
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]
WRITERS, ACTIONS, ROUNDS = 4, 30, 10


class Writers:
    """Issue tickets until they are stopped. `told` are the keys of those that were acknowledged."""

    def __init__(self, service, actor):
        self.service, self.actor, self.stop = service, actor, Flag()
        self.told, self.tried = [], []

    def write(self):
        while not self.stop.is_set():
            key = secrets.token_hex(16)
            self.tried.append(key)
            try:
                tickets.issue(service_id=self.service.pk, actor=self.actor, key=key, at=timezone.now())
                self.told.append(key)
            except Error:
                connection.close()
                self.stop.wait(0.02)
        connection.close()

    def wait_for(self, more):
        before = len(self.told)
        wait_until(lambda: len(self.told) >= before + more)


@contextmanager
def writing(service, actor):
    crew = Writers(service, actor)
    with ThreadPoolExecutor(WRITERS) as pool:
        try:
            actor.has_perm("queueing.issue_ticket")
            running = [pool.submit(crew.write) for _ in range(WRITERS)]
            yield crew
        finally:
            crew.stop.set()
    for each in running:
        each.result()


def killed_and_back(server, crew):
    """Seconds from the start of the server to the first acknowledged action."""
    server.kill()
    began = time.monotonic()
    server.start()
    crew.wait_for(1)
    return time.monotonic() - began


def test_killed_primary(primary, sofia, clinic, report):
    with writing(clinic.first, sofia) as crew:
        back = []
        for _ in range(ROUNDS):
            crew.wait_for(ACTIONS)
            back.append(killed_and_back(primary, crew))

    call_command("deliver", once=True)
    check_everything(acknowledged=crew.told)
    unknown = Event.objects.filter(key__in=set(crew.tried) - set(crew.told)).count()
    assert unknown <= WRITERS * ROUNDS
    report(
        f"PostgreSQL killed under {WRITERS} writers",
        made=f"SIGKILL to all its processes, {ROUNDS} rounds",
        expected="every acknowledged action present, recovery by itself",
        measured=f"0 of {len(crew.told)} acknowledged lost, {unknown} done and not told,"
        f" next action {statistics.median(back):.1f} s after the start (slowest {max(back):.1f} s)",
    )


def test_a_primary_that_does_not_wait_for_its_log_loses_actions(primary, sofia, clinic):
    """If this fails, the test above proves nothing."""
    careless = " -c synchronous_commit=off"
    primary.child.command = [*primary.child.command, "-c", "wal_writer_delay=10s"]
    connections["default"].close_pool()
    connections["default"].settings_dict["OPTIONS"]["options"] += careless
    try:
        with writing(clinic.first, sofia) as crew:
            crew.wait_for(ACTIONS)
            killed_and_back(primary, crew)
        present = Event.objects.filter(key__in=crew.told).count()
    finally:
        options = connections["default"].settings_dict["OPTIONS"]
        options["options"] = options["options"].removesuffix(careless)
        primary.child.command = primary.child.command[:-2]

    assert present < len(crew.told)


def fill(folder):
    """Until not a byte more goes in."""
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        for size in (1 << 20, 4096, 1):
            while written(ballast, bytes(size)):
                pass
    return folder / "ballast"


def written(file, data):
    try:
        return file.write(data)
    except OSError:
        return 0


def outcome(person, service, key):
    try:
        return person.issue(service, key).status_code
    except requests.RequestException:
        return None


def is_crashed_by_the_next_log(server):
    """PostgreSQL ends everything when it cannot begin the next file of its log."""
    try:
        with psycopg.connect(**direct.params("default", application="test"), autocommit=True) as line:
            line.execute("SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000)), pg_switch_wal()")
    except psycopg.OperationalError:
        connections.close_all()
        return any("PANIC" in said for said in server.child.said())
    return False


def test_full_disk(primary, sofia, clinic, start_web, report, can_fill_a_disk):
    if not can_fill_a_disk:
        pytest.skip("only root can make a small disk")
    _, site = start_web(DATABASE_URL=primary.url)
    person, answers = Person(sofia, site), {}

    def try_one():
        key = secrets.token_hex(16)
        answers[key] = outcome(person, clinic.first, key)
        primary.tend()
        return answers[key]

    assert try_one() == 302
    ballast = fill(primary.places.data("primary"))
    wait_until(lambda: try_one() == 503)
    refused = [try_one() for _ in range(5)]
    wait_until(lambda: is_crashed_by_the_next_log(primary))
    refused += [try_one() for _ in range(2)]
    ballast.unlink()
    freed = time.monotonic()
    wait_until(lambda: try_one() == 302)
    freed = time.monotonic() - freed

    told = [kept_as(key) for key, answer in answers.items() if answer == 302]
    assert set(refused) == {503}
    assert set(answers.values()) == {302, 503}
    call_command("deliver", once=True)
    check_everything(acknowledged=told)
    assert Ticket.objects.count() == len(told)
    report(
        "Disk full under the primary",
        made="a file that fills its disk, until writes fail and then the server itself",
        expected="503, 0 acknowledged lost, recovery without help once there is room",
        measured=f"0 of {len(told)} acknowledged lost, {len(answers) - len(told)} refused with 503,"
        f" works {freed:.1f} s after there was room",
    )
