"""Bugs in what people do, planted from outside into a web process that has just started.

`plant` of tests/acceptance/faults/injector.py calls these. The product knows nothing of it.
"""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from clinic import notices
from queueing import acting, history, ordering, tickets
from queueing.models import Service, Ticket
from queueing.models.services import LineQuerySet
from queueing.refusals import WrongState


def well():
    """No bug."""


def now_and_then():
    return random.random() < 0.1


def pause():
    time.sleep(random.random() * 0.02)


def unlocked(lines, service_ids):
    """Lines are read, not locked."""
    return {line.pk: line for line in lines.filter(pk__in=service_ids).order_by("pk")}


def no_lock():
    def read(self, service_ids):
        found = unlocked(self, service_ids)
        pause()
        return found

    LineQuerySet.locked = read


def calls_the_second():
    def head(lines):
        waiting = Ticket.objects.waiting().filter(service_id__in=[line.pk for line in lines]).in_line()
        return next(reversed(waiting[:2]), None)

    ordering.head = head


def before_each_commit(spoil):
    """In the transaction of a verb, when everything is written."""
    act = acting.act

    @contextmanager
    def spoilt(*args, **kwargs):
        with act(*args, **kwargs):
            yield
            spoil()

    acting.act = spoilt


def rolled_back_after_all():
    before_each_commit(lambda: transaction.set_rollback(now_and_then()))


def refused_though_done():
    act = acting.act

    @contextmanager
    def refuse(*args, **kwargs):
        with act(*args, **kwargs):
            yield
        if now_and_then():
            raise WrongState("Nothing was changed.")

    acting.act = refuse


def key_is_ignored():
    history.find = lambda key: None


class Timer:
    def has_perm(self, right):
        return True

    def get_username(self):
        return "timer"


def completes_by_a_timer():
    def work():
        while True:
            time.sleep(0.2)
            if ticket := Ticket.objects.in_room().order_by("called_at").first():
                tickets.complete(ticket_id=ticket.pk, outcome="seen", actor=Timer(), at=timezone.now())

    threading.Thread(target=work, daemon=True).start()


def clock_trembles():
    """No bug: the clocks of machines differ, and go back."""
    now = timezone.now
    timezone.now = lambda: now() - timedelta(seconds=random.random())


def arrives_by_the_clock():
    ordering.arrive = lambda line, at: ordering.microseconds(at)


def forgets_head_starts():
    Service.head_start = lambda self, priority: 0


def puts_back_at_the_end():
    back = tickets._back_in_line
    tickets._back_in_line = lambda ticket, at, at_end=False: back(ticket, at, at_end=True)


def saves_what_it_read_before_the_lock():
    def locked(ticket_id, other_service_id=None, *, verb="", key=None):
        ticket = Ticket.objects.select_related("service", "room", "patient").get(pk=ticket_id)
        pause()
        ordering.lock(ticket.service_id, other_service_id or ticket.service_id)
        if done := acting.done_before(key, verb):
            raise acting.Repeated(done)
        return ticket

    acting.locked = locked


def writes_events_of_another_ticket():
    made = history._event

    def of_another(row, action, changes):
        event = made(row, action, changes)
        if event.model == "queueing.ticket" and event.object_id > 1 and now_and_then():
            event.object_id -= 1
        return event

    history._event = of_another


def gives_a_position_twice():
    def enter(line, ticket, position):
        ticket.position = position - position % 5_000_000
        line.save(update_fields=["day", "last_number", "last_arrival"])

    ordering.enter = enter


def names_another_ticket():
    done, said = notices.done, ["A-001"]

    def mistaken(ticket, text, at):
        code, said[0] = said[0], ticket.code
        return done(ticket, text.replace(ticket.code, code) if now_and_then() else text, at)

    notices.done = mistaken


def moves_one_too_far():
    between = ordering.between
    ordering.between = lambda line, ticket, place: between(line, ticket, place + 1)


def calls_to_a_busy_room():
    acting.expect_free = lambda room: None


def commits_slowly():
    """No bug: ids of events come into view in another order than they were given out in."""
    before_each_commit(lambda: time.sleep(random.random() / 3))
