"""Browsers that are signed in."""

from __future__ import annotations

import pytest
from django.test import Client


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
