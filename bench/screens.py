"""Displays as sockets of one asyncio process, which come back as static/js/live.js does."""

from __future__ import annotations

import asyncio
import contextlib
import random

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

#: Seconds, of `reconnectDelay` in static/js/live.js.
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
#: A browser waits so long for a handshake.
HANDSHAKE = 240
BOARD, TICK = '{"type":"board"', '{"type": "tick"'
#: Boards of the display in the hall: all services of the demo clinic.
BOARDS = 4


class Screens:
    """`shown` are the numbers of those that have all their boards since they connected last."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.shown: set[int] = set()
        self.lives: list[asyncio.Task[None]] = []
        self.attempts: dict[int, int] = {}
        self.sockets: dict[int, ClientConnection] = {}

    async def become(self, wanted: int, *, abreast: int) -> None:
        """Open more until there are so many, some at once."""
        while len(self.lives) < wanted:
            for number in range(len(self.lives), min(len(self.lives) + abreast, wanted)):
                self.lives.append(asyncio.create_task(self.live(number)))
            await self.all_shown(HANDSHAKE)

    async def all_shown(self, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while len(self.shown) < len(self.lives):
                await asyncio.sleep(0.05)

    async def live(self, number: int) -> None:
        self.attempts[number] = 0
        while True:
            with contextlib.suppress(OSError, WebSocketException):
                await self.listen(number)
            longest = min(LONGEST_WAIT, FIRST_WAIT * 2 ** self.attempts[number])
            self.attempts[number] += 1
            await asyncio.sleep(random.random() * longest)  # noqa: S311 - a pause, no secret

    async def listen(self, number: int) -> None:
        """On one socket, until it is lost."""
        boards = 0
        async with connect(
            f"ws://{self.site}/ws/display/hall/",
            origin=Origin(f"http://{self.site}"),
            compression=None,
            open_timeout=HANDSHAKE,
            ping_interval=None,
        ) as socket:
            self.sockets[number] = socket
            async for text in socket:
                boards += str(text).startswith(BOARD)
                if boards == BOARDS:
                    self.shown.add(number)
                if str(text).startswith(TICK):
                    self.attempts[number] = 0

    async def lose(self, number: int) -> None:
        """The socket of one; it comes back by itself."""
        await self.sockets[number].close()

    async def close(self) -> None:
        for life in self.lives:
            life.cancel()
        await asyncio.gather(*self.lives, return_exceptions=True)
