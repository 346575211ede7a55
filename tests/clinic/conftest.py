"""Browsers that are signed in, and what they see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from queueing import tickets
from queueing.models import Kiosk
from tests.conftest import NINE


@pytest.fixture
def sign_in():
    """The user in a browser without JavaScript, or `by_htmx`."""

    def make(user, by_htmx=False):
        browser = Client(headers={"HX-Request": "true"} if by_htmx else {})
        browser.force_login(user)
        return browser

    return make


@pytest.fixture
def desk(sign_in, maria):
    """Maria's browser."""
    return sign_in(maria)


@pytest.fixture
def called(issue, room, sofia):
    """A ticket that was called to `room`."""
    return tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=NINE + timedelta(minutes=5))


@pytest.fixture
def now(monkeypatch):
    """The clock of the pages; `now.at` may be moved."""

    class Clock:
        at = NINE

    monkeypatch.setattr(timezone, "now", lambda: Clock.at)
    return Clock


@pytest.fixture
def entrance(db):
    return Kiosk.objects.create(name="Entrance", slug="entrance", languages="en ar", open_to_all=True)


@pytest.fixture
def visit(client, entrance, service):
    """Somebody who answers what is asked, page by page. Each page is sent with the answers that it carries."""

    class Visit:
        def __init__(self):
            self.page = client.get("/kiosk/entrance/")

        def answer(self, **answers):
            html = self.page.content.decode()
            carried = dict(re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', html))
            self.page = client.post("/kiosk/entrance/", {**carried, **answers})
            return self

        @property
        def text(self):
            return text(self.page)

        def chosen(self):
            """A visitor who wants this service."""
            return self.answer(language="en").answer(service_id=service.pk)

    return Visit


def text(response):
    return " ".join(response.content.decode().split())
