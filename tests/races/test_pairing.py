"""Two people type the letters of one screen in the same instant."""

from __future__ import annotations

from functools import partial

import pytest
from django.utils import timezone

from queueing import pairing
from queueing.models import Device, Display, PairingCode
from queueing.refusals import TooManyAsk, UnknownCode

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


class TestPairing:
    def test_of_one_code_by_two_people_makes_one_device(self, at_once, sofia):
        screens = [Display.objects.create(name=name, slug=name) for name in ("hall", "cellar")]
        _token, asked = pairing.ask(at=timezone.now())

        confirm = partial(pairing.confirm, asked.code, actor=sofia, at=timezone.now())
        results = at_once(*(partial(confirm, screen) for screen in screens))

        assert {type(result) for result in results} == {Device, UnknownCode}
        assert Device.objects.count() == 1

    def test_is_asked_for_by_no_more_than_may(self, at_once, transactional_db, monkeypatch):
        monkeypatch.setattr(pairing, "MOST", 3)

        results = at_once(*[partial(pairing.ask, at=timezone.now())] * 8)

        assert sum(isinstance(result, TooManyAsk) for result in results) == 5
        assert PairingCode.objects.count() == 3
