"""People at the desk, each with one connection to a web process: light clients, for they share its cores."""

from __future__ import annotations

import http.client
import os
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.models import Group, User
from django.test import Client

from queueing import history
from queueing.models import Room, RoomService, Service


@dataclass(frozen=True, slots=True)
class Answer:
    """`refusal` is the code of a press that was refused."""

    status: int
    refusal: str
    page: str


class Person:
    """A receptionist with a session, made without a password, which takes long, and a room of their own."""

    def __init__(self, number: int, service: Service, *, port: int | None = None) -> None:
        self.service, self.room = service, make_room(f"Bench {secrets.token_hex(3)} {number}", service)
        self.token = secrets.token_hex(16)
        self.cookies = f"sessionid={session_of(receptionist(number))}; csrftoken={self.token}"
        self.go_to(port or int(os.environ["PORT"]))

    def go_to(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.connection.connect()

    def get(self, path: str) -> Answer:
        return self.send("GET", path, None)

    def post(self, path: str, **fields: str) -> Answer:
        return self.send("POST", path, urlencode(fields | {"csrfmiddlewaretoken": self.token}))

    def send(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": self.cookies, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return Answer(answer.status, answer.headers.get("X-Refusal", ""), answer.read().decode())

    def issue(self) -> Answer:
        return self.post("/desk/issue/", service_id=str(self.service.pk), priority="low")

    def call_next(self) -> Answer:
        return self.post(f"/desk/rooms/{self.room.pk}/call-next/")

    def miss(self, ticket_id: int) -> Answer:
        return self.post(f"/desk/tickets/{ticket_id}/miss/")


def receptionist(number: int) -> User:
    user, made = User.objects.get_or_create(username=f"bench-{number}")
    if made:
        user.groups.add(Group.objects.get(name="Receptionist"))
    return user


def session_of(user: User) -> str:
    browser = Client()
    browser.force_login(user)
    return browser.cookies["sessionid"].value


def make_room(name: str, service: Service) -> Room:
    with history.operation("bench.prepared", actor="bench"):
        room = Room.objects.create(name=name)
        RoomService.objects.create(room=room, service=service)
    return room
