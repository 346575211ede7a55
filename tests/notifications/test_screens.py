"""Whose socket may open a display, and when it is closed again."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from channels.testing import WebsocketCommunicator
from django.test import Client
from django.utils import timezone

from clinic.asgi import application
from notifications import activity
from queueing import history, pairing
from tests.notifications.sockets import HOST, OURS, code_of_close, connect, display, in_a_thread, said, scenario

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


@pytest.fixture(autouse=True)
def plain_address(settings):
    settings.ALLOWED_HOSTS = ["clinic.example", "testserver"]
    settings.SECURE_SSL_REDIRECT = False


@pytest.fixture
def hall(clinic):
    """Not open to all."""
    clinic.hall.open_to_all = False
    with history.operation(actor="setup"):
        clinic.hall.save()
    return clinic.hall


@pytest.fixture
def paired(hall, sofia):
    """A token, and the device that it is."""
    token, asked = pairing.ask(at=timezone.now())
    return token, pairing.confirm(asked.code, hall, actor=sofia, at=timezone.now())


def socket_with(**cookies):
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return display(headers=[HOST, OURS, (b"cookie", cookie.encode())])


def desk_with(session):
    headers = [HOST, OURS, (b"cookie", f"sessionid={session}".encode())]
    return WebsocketCommunicator(application, "/ws/desk/", headers=headers)


def session_of(user):
    browser = Client()
    browser.force_login(user)
    return browser.cookies["sessionid"].value


class TestADisplay:
    def test_that_was_paired_opens(self, sink, paired):
        async def play():
            socket = socket_with(device=paired[0])
            await connect(socket)
            assert (await said(socket))["type"] == "hello"
            await socket.disconnect()

        scenario(play)

    @pytest.mark.parametrize("cookies", [{}, {"device": ""}, {"device": "guessed"}, {"sessionid": "guessed"}])
    def test_that_was_not_is_closed_with_a_code(self, sink, paired, cookies):
        async def play():
            socket = socket_with(**cookies)
            await connect(socket)
            assert await code_of_close(socket) == 4401

        scenario(play)

    def test_is_looked_at_by_people_who_may(self, sink, hall, ada):
        session = session_of(ada)

        async def play():
            socket = socket_with(sessionid=session)
            await connect(socket)
            assert (await said(socket))["type"] == "hello"
            await socket.disconnect()

        scenario(play)

    def test_is_not_looked_at_by_others(self, sink, hall, make_user):
        session = session_of(make_user("nobody"))

        async def play():
            socket = socket_with(sessionid=session)
            await connect(socket)
            assert await code_of_close(socket) == 4401

        scenario(play)

    def test_is_closed_when_somebody_takes_its_pairing_back(self, sink, paired):
        def revoke():
            with history.operation(actor="sofia"):
                paired[1].delete()
            sink.step()

        async def play():
            socket = socket_with(device=paired[0])
            await connect(socket)
            await said(socket), await said(socket)
            await in_a_thread(revoke)
            assert await code_of_close(socket) == 4401
            back = socket_with(device=paired[0])
            await connect(back)
            assert await code_of_close(back) == 4401

        scenario(play)

    def test_reports_only_what_stands_where_patients_see_it(self, sink, clinic, paired, ada, monkeypatch):
        logged, session = [], session_of(ada)
        monkeypatch.setattr(activity, "log_activity", lambda kind, **detail: logged.append((kind, detail["device"])))
        beat = json.dumps({"type": "beat", "visible": True, "audio": "ok", "build": "dev"})

        async def play():
            for cookies in ({"sessionid": session}, {"device": paired[0]}):
                socket = socket_with(**cookies)
                await connect(socket)
                await said(socket), await said(socket)
                await socket.send_to(beat)
                assert await socket.receive_nothing()
                await socket.disconnect()

        scenario(play)
        assert logged == [("display.beat", paired[1].pk)]

    def test_tells_the_desks_what_it_has_shown(self, sink, paired, maria):
        async def play():
            desk, screen = desk_with(session), socket_with(device=paired[0])
            await connect(desk)
            await connect(screen)
            await said(screen), await said(screen)
            await screen.send_to(json.dumps({"type": "shown", "call": "12-1", "service": service}))
            while (message := await said(desk))["type"] != "shown":
                pass
            assert (message["call"], message["display"]) == ("12-1", "Hall")
            assert datetime.fromisoformat(message["at"]).tzinfo
            await desk.disconnect()
            await screen.disconnect()

        session, service = session_of(maria), paired[1].display.shows.get().service_id
        scenario(play)

    def test_reports_its_faults(self, sink, paired, monkeypatch):
        logged = []
        monkeypatch.setattr(activity, "log_activity", lambda kind, **detail: logged.append((kind, detail["fault"])))

        async def play():
            socket = socket_with(device=paired[0])
            await connect(socket)
            await said(socket), await said(socket)
            await socket.send_to(json.dumps({"type": "fault", "fault": "TypeError display.js:7" + "x" * 200}))
            assert await socket.receive_nothing()
            await socket.disconnect()

        scenario(play)
        assert logged == [("display.fault", ("TypeError display.js:7" + "x" * 200)[:100])]

    def test_is_asked_to_come_back_when_it_was_set_up_anew(self, sink, paired):
        def change():
            with history.operation(actor="sofia"):
                paired[1].display.languages = "en es"
                paired[1].display.save()
            sink.step()

        async def play():
            socket = socket_with(device=paired[0])
            await connect(socket)
            await said(socket), await said(socket)
            await in_a_thread(change)
            while (await said(socket))["type"] != "bye":
                pass
            assert await code_of_close(socket) == 4012

        scenario(play)
