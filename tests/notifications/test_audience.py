"""One channel for all sockets of a process."""

from __future__ import annotations

import asyncio

import pytest

from notifications import audience
from tests.notifications.sockets import connect, display, said, scenario


class Ear:
    def __init__(self):
        self.heard = asyncio.Queue()

    async def hear(self, message):
        await self.heard.put(message["text"])

    async def next(self):
        return await asyncio.wait_for(self.heard.get(), 5)


class Deaf:
    async def hear(self, message):
        raise RuntimeError("closed")


class TestAnAudience:
    def test_hears_what_its_groups_are_told_and_nothing_else(self, redis):
        async def play():
            near, far = Ear(), Ear()
            await audience.here().join("near", near)
            await audience.here().join("far", far)
            await audience.tell("far", {"type": "live.text", "text": "to the far"})
            await audience.tell("near", {"type": "live.text", "text": "to the near"})
            assert (await near.next(), await far.next()) == ("to the near", "to the far")
            assert near.heard.empty()
            await audience.here().leave(["near"], near)
            await audience.here().leave(["far"], far)

        scenario(play)

    def test_hears_although_one_of_it_cannot(self, redis):
        async def play():
            deaf, ears = [Deaf() for _ in range(5)], [Ear() for _ in range(5)]
            for listener in (*deaf, *ears):
                await audience.here().join("all", listener)
            await audience.tell("all", {"type": "live.text", "text": "still there?"})
            assert {await ear.next() for ear in ears} == {"still there?"}
            for listener in (*deaf, *ears):
                await audience.here().leave(["all"], listener)

        scenario(play)

    def test_listens_again_after_everybody_had_left(self, redis):
        async def play():
            for text in ("first", "second"):
                ear = Ear()
                await audience.here().join("all", ear)
                await audience.tell("all", {"type": "live.text", "text": text})
                assert await ear.next() == text
                await audience.here().leave(["all"], ear)
                assert audience.here().groups == {}
                assert audience.here().handing_on.done()

        scenario(play)


@pytest.mark.django_db(transaction=True, databases=["default", "replica"])
class TestASocket:
    def test_passes_on_what_it_hears_while_it_opens_after_its_boards(self, sink, clinic, monkeypatch, settings):
        settings.ALLOWED_HOSTS = ["clinic.example"]

        async def play():
            socket = display()
            monkeypatch.setattr("notifications.consumers.boards.load", told_meanwhile)
            await connect(socket)
            assert [(await said(socket))["type"] for _ in range(3)] == ["hello", "board", "tick"]
            await socket.disconnect()

        scenario(play)


async def told_meanwhile(service_ids):
    (socket,) = audience.here().groups["ticks"]
    await socket.hear({"type": "live.text", "text": '{"type": "tick"}'})
    return dict.fromkeys(service_ids, "{}")
