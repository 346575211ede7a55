"""People who press at random, and write down what they press and what they are told."""

from __future__ import annotations

import random
import time
from collections import Counter

import requests
from django.db import Error, connection

from queueing.models import Ticket
from tests.acceptance.faults.running import Person
from tests.proof import answers
from tests.proof.habits import Habits
from tests.proof.journal import FAIL, OK, Journal

#: Presses between two looks at the lines: in between somebody else may be faster.
LOOKS_EVERY = 4


class Client:
    """Acts for one signed-in person at all web processes of the clinic, in a thread of its own."""

    def __init__(self, number, user, house, folder, seed):
        self.number, self.random = number, random.Random(f"{seed}-{number}")
        self.habits = Habits(user, self.random)
        self.sites, self.person = house.sites, Person(user, "")
        self.person.patience = 6
        self.person.session.headers.pop("Connection")  # each connection is kept
        self.path = folder / f"client-{number}.journal"
        self.journal = Journal(self.path)
        self.statuses, self.surprises = Counter(), []

    def work(self, stop):
        for number in range(10**9):
            if stop.is_set():
                break
            if number % LOOKS_EVERY == 0:
                self.habits.look()
            self.do(self.habits.choose())
        connection.close()

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
                self.habits.remember(told.undo, ticket)
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
