"""People who press at random, and write down what they press and what they are told."""

from __future__ import annotations

import random
import time
from collections import Counter

import requests
from django.db import Error, connection

from queueing.models import Priority, Room, Service, Ticket
from tests.acceptance.faults.running import Person
from tests.proof import acts, answers
from tests.proof.journal import FAIL, OK, Journal

#: What may be done to a ticket in each state, as the pages offer it.
OFFERED = {
    "waiting": ["hold", "transfer", "prioritise", "move", "cancel", "call"],
    "held": ["release", "release", "call", "cancel", "transfer"],
    "called": ["recall", "start", "start", "miss", "complete", "put_back", "cancel", "transfer"],
    "serving": ["complete", "complete", "put_back", "transfer"],
    "missed": ["put_back"],
    "completed": ["reopen"],
    "cancelled": ["release"],
}
ANY = sorted({verb for offered in OFFERED.values() for verb in offered})
#: Beyond this many open tickets a person lets nobody in.
FULL = 40
#: Presses between two looks at the lines: in between somebody else may be faster.
LOOKS_EVERY = 4


class Client:
    """Acts for one signed-in person at all web processes of the clinic, in a thread of its own."""

    def __init__(self, number, user, house, folder, seed):
        self.number, self.random = number, random.Random(f"{seed}-{number}")
        self.sites, self.person = house.sites, Person(user, "")
        self.person.patience = 6
        self.person.session.headers.pop("Connection")  # each connection is kept
        self.path = folder / f"client-{number}.journal"
        self.journal = Journal(self.path)
        self.may = lambda right: user.has_perm(f"queueing.{right}")
        self.rooms = list(Room.objects.values_list("pk", flat=True))
        self.services = list(Service.objects.values_list("pk", flat=True))
        self.believed, self.taken, self.undoable = [], set(), []
        self.statuses, self.surprises = Counter(), []

    def work(self, stop):
        for number in range(10**9):
            if stop.is_set():
                break
            if number % LOOKS_EVERY == 0:
                self.look()
            self.do(self.choose())
        connection.close()

    def look(self):
        """What the person believes from now on; while the primary is away, what was believed before."""
        try:
            open_ones = Ticket.objects.open().values_list("pk", "status", "room_id")
            ended = Ticket.objects.exclude(pk__in=open_ones.values("pk")).order_by("-pk").values_list("pk", "status")
            self.believed = [*((pk, status) for pk, status, _ in open_ones), *ended[:8]]
            self.taken = {room for *_, room in open_ones if room}
        except Error:
            connection.close()

    def choose(self):
        """Often for a room: whoever is in one is seen and sent home, and the next one is called."""
        dice, room = self.random.random(), self.random.choice(self.rooms)
        in_room = [ticket for ticket in self.believed if ticket[1] in ("called", "serving")]
        if dice < 0.22 and self.may("issue_ticket") and len(self.believed) < FULL:
            return acts.issue(self.random.choice(self.services), self.random.choice(Priority.values))
        if (dice < 0.45 and room not in self.taken) or dice < 0.23 or not self.believed:
            return acts.call_next(room)
        if dice < 0.28 and self.undoable:
            return acts.undo(*self.undoable.pop())
        return self.choose_verb(*self.random.choice(in_room if in_room and dice < 0.65 else self.believed))

    def choose_verb(self, ticket, status):
        """One that a page offers; now and then one that none does."""
        verb = self.random.choice(OFFERED[status] if self.random.random() < 0.95 else ANY)
        if not self.may({"complete": "complete_ticket", "reopen": "reopen_ticket"}.get(verb, "call_ticket")):
            verb = "start"
        return self.act(verb, ticket)

    def act(self, verb, ticket):
        pick = self.random.choice
        match verb:
            case "call":
                return acts.call(ticket, pick(self.rooms))
            case "put_back":
                return acts.put_back(ticket, pick([True, False]))
            case "transfer":
                return acts.transfer(ticket, pick(self.services), pick([True, False]))
            case "prioritise":
                return acts.prioritise(ticket, pick(Priority.values))
            case "move":
                return acts.move(ticket, pick([1, 1, 2, 3, 5, 9]))
            case "complete":
                return acts.complete(ticket, pick(["seen", "seen", "seen", "left"]))
            case "reopen":
                return acts.reopen(ticket)
        return acts.press(verb, ticket)

    def do(self, act):
        """Press; without an answer perhaps again, with the same key; after an answer now and then once more."""
        key = f"{self.random.getrandbits(128):032x}"
        told = self.press(act, key, tries=self.random.randint(1, 3))
        if told.type == OK and act.purpose and self.random.random() < 0.05:
            self.press(act, key, tries=1)

    def press(self, act, key, *, tries):
        op = self.journal.invoke(act.verb, proc=self.number, key=act.kept_key(key), **act.given)
        told, sure = self.send(act, key), True
        while told.type not in (OK, FAIL) and act.purpose and (tries := tries - 1):
            sure = False
            time.sleep(self.random.random())
            told = self.send(act, key)
        self.end(op, told, sure)
        return told

    def end(self, op, told, sure):
        """A refusal after a press without an answer promises nothing: the first one may still be on its way."""
        if told.type == OK:
            ticket = told.ticket or self.id_of(told.code)
            self.journal.ok(op, ticket)
            if told.undo:
                self.undoable = [*self.undoable[-3:], (told.undo, ticket)]
        elif told.type == FAIL and sure:
            self.journal.fail(op, told.refusal, told.status)
        else:
            self.journal.unknown(op)

    def send(self, act, key):
        self.person.site = self.random.choice(self.sites)
        sent = {**act.sent, "key": key} if act.purpose else act.sent
        try:
            answer = self.person.post(act.path, sent)
        except requests.RequestException:
            answer = None
        self.person.session.cookies.pop("messages", None)  # else each answer would repeat those before it
        self.statuses[answer.status_code if answer is not None else "none"] += 1
        if answer is not None and answer.status_code not in (302, 503, *answers.REFUSED):
            self.surprises.append(f"{answer.status_code} to {act.verb} {act.given}")
        return answers.read(answer)

    def id_of(self, code):
        """The ticket that the answer named: codes are given out once a day."""
        while True:
            try:
                return Ticket.objects.filter(code=code).latest("pk").pk
            except Error:
                connection.close()
                time.sleep(0.1)
