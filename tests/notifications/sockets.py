"""Sockets of screens, played on an event loop of their own, without a server."""

from __future__ import annotations

import asyncio
import json

from asgiref.sync import async_to_sync
from channels.testing import WebsocketCommunicator
from django.db import connections
from django.test import Client

from clinic.asgi import application
from notifications import boards

HOST = (b"host", b"clinic.example")
OURS = (b"origin", b"http://clinic.example")


def scenario(play):
    """Play it on an event loop of its own."""

    async def whole():
        try:
            await play()
        finally:
            await boards.close()

    async_to_sync(whole)()


def display(slug="hall", headers=(HOST, OURS)):
    return WebsocketCommunicator(application, f"/ws/display/{slug}/", headers=list(headers))


def desk_of(user):
    client = Client()
    client.force_login(user)
    cookie = f"sessionid={client.cookies['sessionid'].value}".encode()
    return WebsocketCommunicator(application, "/ws/desk/", headers=[HOST, OURS, (b"cookie", cookie)])


async def connect(socket):
    accepted, _ = await socket.connect(timeout=5)
    assert accepted


async def said(socket):
    return json.loads(await socket.receive_from(timeout=5))


async def code_of_close(socket):
    while (message := await socket.receive_output(timeout=5))["type"] != "websocket.close":
        pass
    return message["code"]


async def in_a_thread(work, *arguments):
    """Beside the event loop, with a connection that is closed again."""

    def run():
        try:
            return work(*arguments)
        finally:
            connections.close_all()

    return await asyncio.get_running_loop().run_in_executor(None, run)
