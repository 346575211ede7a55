"""What tests of the replica do to it, and to the clinic."""

from __future__ import annotations

import random

from django.db import connection, connections, transaction
from django.utils import timezone

from notifications.sinks.replica import ReplicaSink
from queueing import history, tickets
from queueing.models import Patient
from queueing.refusals import TicketError

WRITERS = 4


def catch_up():
    sink = ReplicaSink()
    while sink.step():
        pass


def alter(statement):
    with connections["replica"].cursor() as cursor:
        cursor.execute(statement)


def work_at_random(clinic, sofia, seed):
    """Issues, calls, cancels, completes; now and then a room is renamed, or a patient added and rolled back."""
    chance, done = random.Random(seed), 0
    try:
        for number in range(40):
            try:
                act(chance, clinic, sofia, f"{seed}-{number}")
                done += 1
            except TicketError:
                pass
        return done
    finally:
        connection.close()


def act(chance, clinic, sofia, name):
    kind = chance.random()
    if kind < 0.4:
        service = chance.choice([clinic.first, clinic.second])
        tickets.issue(service_id=service.pk, priority="low", actor=sofia, at=timezone.now())
    elif kind < 0.6:
        room = chance.choice([clinic.room, clinic.other])
        ticket = tickets.call_next(room_id=room.pk, actor=sofia, at=timezone.now())
        tickets.complete(ticket_id=ticket.pk, outcome="seen", actor=sofia, at=timezone.now())
    else:
        with transaction.atomic(), history.operation(actor="somebody"):
            patient = Patient.objects.create(reference=name, name=name)
            if kind < 0.8:
                patient.delete()
            if kind > 0.95:
                transaction.set_rollback(True)
