"""What the phone of a patient hears: that its line changed, and no code of anybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from channels.testing import WebsocketCommunicator
from django.utils import timezone

from clinic.asgi import application
from queueing import tickets
from queueing.models import Ticket
from tests.notifications.sockets import HOST, OURS, code_of_close, connect, in_a_thread, said, scenario

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


@pytest.fixture(autouse=True)
def plain_address(settings):
    settings.ALLOWED_HOSTS = ["clinic.example", "testserver"]
    settings.SECURE_SSL_REDIRECT = False


def phone(token):
    return WebsocketCommunicator(application, f"/ws/ticket/{token}/", headers=[HOST, OURS])


class TestAPhone:
    def test_hears_that_its_line_changed_and_whether_it_is_near(self, sink, clinic, desk):
        line = [desk.issue(clinic.first) for _ in range(5)]

        async def play():
            await in_a_thread(sink.step)
            socket = phone(line[3].token)
            await connect(socket)
            assert (await said(socket))["type"] == "hello"
            before = await said(socket)
            await in_a_thread(desk.call_next, clinic.room)
            await in_a_thread(sink.step)
            after = await said(socket)
            await socket.disconnect()

            assert before == {
                "type": "changed",
                "service": clinic.first.pk,
                "version": before["version"],
                "near": False,
            }
            assert after["version"] > before["version"]
            assert after["near"]

        scenario(play)

    def test_hears_ticks_but_nothing_of_others(self, sink, clinic, desk):
        mine = desk.issue(clinic.first)
        heard = []

        async def play():
            socket = phone(mine.token)
            await connect(socket)
            await in_a_thread(desk.issue, clinic.first)
            await in_a_thread(desk.issue, clinic.second)
            sink.ticked_at = float("-inf")
            await in_a_thread(sink.step)
            await socket.send_to(f'{{"type": "look", "service": {clinic.first.pk}}}')
            await socket.send_to(f'{{"type": "look", "service": {clinic.second.pk}}}')
            while not await socket.receive_nothing():
                heard.append(await socket.receive_from())
            await socket.disconnect()

        scenario(play)
        assert any('"tick"' in text for text in heard)
        assert len([text for text in heard if '"changed"' in text]) >= 2
        assert not [text for text in heard for ticket in Ticket.objects.all() if ticket.code in text]

    def test_that_knows_no_ticket_is_closed_with_one_code(self, redis, clinic, desk, sofia):
        ended = desk.issue(clinic.first)
        tickets.cancel(ticket_id=ended.pk, actor=sofia, at=timezone.now() - timedelta(hours=2, seconds=1))

        async def play():
            for token in ("x" * 22, "x", ended.token):
                socket = phone(token)
                await connect(socket)
                assert await code_of_close(socket) == 4404

        scenario(play)
