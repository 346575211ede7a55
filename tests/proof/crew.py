"""Clients who work at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.contrib.auth.models import User

from tests.proof.clients import Client

#: As often as such people sit in a clinic.
PEOPLE = ("supervisor", "receptionist", "clinician", "receptionist", "clinician")


class Crew:
    def __init__(self, house, folder, *, number, seed):
        folder.mkdir()
        people = {user.username: user for user in User.objects.all()}
        self.clients = [Client(at, people[PEOPLE[at % len(PEOPLE)]], house, folder, seed) for at in range(number)]

    @contextmanager
    def at_work(self):
        """They work as long as the block takes, and finish what they have begun."""
        stop = threading.Event()
        with ThreadPoolExecutor(len(self.clients)) as pool:
            working = [pool.submit(client.work, stop) for client in self.clients]
            try:
                yield
            finally:
                stop.set()
        for each in working:
            each.result()

    @property
    def journals(self):
        return [client.path for client in self.clients]

    @property
    def presses(self):
        return sum(sum(client.statuses.values()) for client in self.clients)

    @property
    def surprises(self):
        return [surprise for client in self.clients for surprise in client.surprises]
