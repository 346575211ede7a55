"""Browsers that are signed in, and what they see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from queueing import tickets
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


def text(response):
    return " ".join(response.content.decode().split())
