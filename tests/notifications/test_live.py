from __future__ import annotations

import asyncio
import json
import time

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections
from redis import RedisError

from clinic.asgi import application
from notifications import activity, consumers
from tests.notifications.sockets import (
    HOST,
    OURS,
    code_of_close,
    connect,
    desk_of,
    display,
    in_a_thread,
    said,
    scenario,
)

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


@pytest.fixture(autouse=True)
def plain_address(settings):
    settings.ALLOWED_HOSTS = ["clinic.example", "testserver"]
    settings.SECURE_SSL_REDIRECT = False


class TestADisplay:
    def test_is_greeted_and_gets_the_boards_of_its_services(self, sink, clinic):
        async def play():
            socket = display()
            await connect(socket)
            assert (await said(socket))["type"] == "hello"
            board = (await said(socket))["board"]
            assert board["service"] == {"id": clinic.first.pk, "name": "General practice"}
            assert await socket.receive_nothing()
            await socket.disconnect()

        scenario(play)

    def test_gets_its_boards_from_the_database_while_redis_has_none(self, redis, clinic):
        async def play():
            socket = display()
            await connect(socket)
            assert (await said(socket))["type"] == "hello"
            assert (await said(socket))["board"]["service"]["id"] == clinic.first.pk
            await socket.disconnect()

        scenario(play)

    def test_hears_a_call(self, sink, clinic, desk):
        ticket = desk.issue(clinic.first)

        async def play():
            socket = display()
            await connect(socket)
            await said(socket), await said(socket)
            await in_a_thread(desk.call_next, clinic.room)
            await in_a_thread(sink.step)
            (call,) = (await said(socket))["board"]["calls"]
            assert call["id"] == f"{ticket.pk}-1"
            assert (call["code"], call["room"], call["name"]) == ("A-001", "Room 1", None)
            await socket.disconnect()

        scenario(play)

    def test_is_closed_with_a_code_when_nobody_knows_it(self, redis, clinic):
        async def play():
            socket = display("cellar")
            await connect(socket)
            assert await code_of_close(socket) == 4404

        scenario(play)

    def test_repairs_a_message_that_was_dropped_by_the_tick(self, sink, clinic, desk, monkeypatch):
        async def play():
            socket = display()
            await connect(socket)
            await said(socket)
            version = (await said(socket))["board"]["version"]
            await in_a_thread(desk.issue, clinic.first)
            with monkeypatch.context() as lossy:
                lossy.setattr("notifications.sinks.push._send", dropped)
                await in_a_thread(sink.step)
            assert await socket.receive_nothing()

            sink.ticked_at = float("-inf")
            await in_a_thread(sink.step)
            tick = await said(socket)
            assert tick["versions"][str(clinic.first.pk)] > version
            await socket.send_to(json.dumps({"type": "look", "service": clinic.first.pk}))
            board = (await said(socket))["board"]
            assert board["version"] == tick["versions"][str(clinic.first.pk)]
            assert board["waiting"] == ["A-001"]
            await socket.disconnect()

        scenario(play)

    def test_reports_what_it_has_shown(self, sink, clinic, monkeypatch):
        logged = []
        monkeypatch.setattr(activity, "log_activity", lambda kind, **detail: logged.append((kind, detail)))

        async def play():
            socket = display()
            await connect(socket)
            await said(socket), await said(socket)
            await socket.send_to(json.dumps({"type": "shown", "call": "12-1", "service": clinic.first.pk}))
            await socket.send_to(json.dumps({"type": "shown", "call": "12-1", "service": clinic.second.pk}))
            await socket.send_to(json.dumps({"type": "beat", "visible": True, "audio": "ok", "build": "1"}))
            assert await socket.receive_nothing()
            await socket.disconnect()

        scenario(play)
        assert logged == [
            ("call.shown", {"display": "hall", "call": "12-1", "service": clinic.first.pk}),
            ("display.beat", {"display": "hall", "device": None, "visible": True, "audio": "ok", "build": "1"}),
        ]

    def test_sees_only_its_own_services(self, sink, clinic):
        async def play():
            socket = display()
            await connect(socket)
            await said(socket), await said(socket)
            await socket.send_to(json.dumps({"type": "look", "service": clinic.second.pk}))
            assert await socket.receive_nothing()
            await socket.disconnect()

        scenario(play)

    def test_is_asked_to_come_back_when_it_shows_another_service(self, sink, clinic):
        async def play():
            socket = display()
            await connect(socket)
            await said(socket), await said(socket)
            await in_a_thread(lambda: clinic.hall.shows.create(service=clinic.second))
            await in_a_thread(sink.step)
            while (message := await said(socket))["type"] != "bye":
                pass
            assert message["reason"] == "changed"
            assert await code_of_close(socket) == 4012

        scenario(play)

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("no JSON", 4007),
            ("[" * 4000, 4007),
            ('"a string"', 4007),
            ("{" + " " * 5000 + "}", 4009),
        ],
    )
    def test_that_talks_nonsense_is_closed_with_a_code(self, sink, text, code):
        async def play():
            socket = display()
            await connect(socket)
            await said(socket), await said(socket)
            await socket.send_to(text)
            assert await code_of_close(socket) == code

        scenario(play)

    @pytest.mark.parametrize(
        "message", [{}, {"type": ["look"]}, {"type": "look", "service": "1"}, {"type": "shown"}, {"type": "tomorrow"}]
    )
    def test_that_says_something_unknown_stays(self, sink, message):
        async def play():
            socket = display()
            await connect(socket)
            await said(socket), await said(socket)
            await socket.send_to(json.dumps(message))
            assert await socket.receive_nothing()
            await socket.disconnect()

        scenario(play)

    def test_that_floods_is_closed(self, sink, monkeypatch):
        monkeypatch.setattr(consumers, "BURST", 5)

        async def play():
            socket = display()
            await connect(socket)
            for _ in range(10):
                await socket.send_to("{}")
            assert await code_of_close(socket) == 4008

        scenario(play)

    def test_comes_back_later_when_the_channel_layer_is_away(self, clinic, monkeypatch):
        async def away(*args):
            raise RedisError("away")

        monkeypatch.setattr(consumers.DisplayConsumer, "join", away)

        async def play():
            socket = display()
            accepted, code = await socket.connect(timeout=5)
            assert (accepted, code) == (False, 4013)

        scenario(play)


class TestADesk:
    def test_gets_the_boards_of_all_services(self, sink, clinic, sofia):
        async def play():
            socket = await in_a_thread(desk_of, sofia)
            await connect(socket)
            assert (await said(socket))["type"] == "hello"
            names = {(await said(socket))["board"]["service"]["name"] for _ in range(2)}
            assert names == {"General practice", "Blood tests"}
            await socket.disconnect()

        scenario(play)

    def test_is_closed_with_a_code_for_a_stranger(self, redis, clinic):
        async def play():
            socket = WebsocketCommunicator(application, "/ws/desk/", headers=[HOST, OURS])
            await connect(socket)
            assert await code_of_close(socket) == 4401

        scenario(play)


class TestASlowDatabase:
    def test_freezes_no_screen(self, sink, clinic):
        """All sockets share one database thread; it sleeps here, and a board arrives all the same."""

        async def play():
            socket = display()
            await connect(socket)
            await said(socket), await said(socket)
            asleep = asyncio.create_task(sync_to_async(sleep_in_the_database)())
            started = time.monotonic()
            await socket.send_to(json.dumps({"type": "look", "service": clinic.first.pk}))
            assert (await said(socket))["type"] == "board"
            assert time.monotonic() - started < 1
            await asleep
            await socket.disconnect()

        scenario(play)


class TestOrigin:
    @pytest.mark.parametrize(
        "headers",
        [
            [HOST, (b"origin", b"http://elsewhere.example")],
            [HOST, (b"origin", b"https://clinic.example")],
            [HOST, (b"origin", b"http://clinic.example:8000")],
            [HOST, (b"origin", b"http://clinic.example.elsewhere.example")],
            [HOST, (b"origin", b"null")],
            [HOST, (b"cookie", b"sessionid=1")],
            [OURS],
        ],
    )
    def test_of_another_place_is_refused(self, redis, clinic, headers):
        async def play():
            accepted, _ = await display(headers=headers).connect(timeout=5)
            assert not accepted

        scenario(play)

    def test_is_not_asked_of_a_program_without_a_cookie(self, redis, clinic):
        async def play():
            socket = display(headers=[HOST])
            await connect(socket)
            await socket.disconnect()

        scenario(play)

    def test_may_be_another_that_the_clinic_names(self, redis, clinic, settings):
        settings.ALLOWED_ORIGINS = ["https://screens.example"]

        async def play():
            socket = display(headers=[HOST, (b"origin", b"https://screens.example")])
            await connect(socket)
            await socket.disconnect()

        scenario(play)


async def dropped(group, message):
    pass


def sleep_in_the_database():
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_sleep(2)")
    finally:
        connections.close_all()
