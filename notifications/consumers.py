"""Sockets of screens: join, accept, send the boards, forward boards.

Note [No database after the handshake]
All sockets of a process share one database thread, and Channels visits it for every message. One slow query there would
freeze every screen, so `dispatch` does not visit it, and nothing here asks the database once the socket is accepted.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.utils import timezone
from redis import RedisError

from notifications import activity, audience, boards, groups, handshake
from notifications.handshake import NOT_FOUND, NOT_SIGNED_IN, Refused
from queueing import pairing

logger = logging.getLogger(__name__)

#: Characters of one message from a screen.
MESSAGE_LIMIT = 4096
#: Messages that a screen may send at once, and then per second.
BURST, RATE = 300, 10

# The others stand in handshake.py, with what their numbers mean.
NOT_TEXT, NOT_UNDERSTOOD, TOO_MANY, TOO_LONG, CHANGED, LATER = 4003, 4007, 4008, 4009, 4012, 4013


class Allowance:
    """A bucket of messages that fills by itself."""

    def __init__(self) -> None:
        self.left, self.at = float(BURST), time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.left, self.at = min(BURST, self.left + (now - self.at) * RATE), now
        self.left -= 1
        return self.left >= 0


class BoardConsumer(AsyncWebsocketConsumer):
    """A screen that shows the boards of some services. Which ones, a subclass says."""

    channel_layer_alias = ""  # none of its own: see Note [One channel for all sockets] in audience.py
    services: frozenset[int] = frozenset()
    #: Groups beside those of its lines.
    shared: tuple[str, ...] = (groups.TICKS,)

    async def __call__(self, scope: Any, receive: Callable[..., Awaitable[Any]], send: Callable[..., Any]) -> None:
        self.early: list[dict[str, Any]] | None = []  # heard before the handshake is done; None from then on
        try:
            await super().__call__(scope, receive, send)
        except (RedisError, OSError) as e:
            logger.warning("Socket closed, no channel layer error=%s", e)
            await send({"type": "websocket.close", "code": LATER})
        finally:
            await audience.here().leave(self.groups, self)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """See Note [No database after the handshake]."""
        await getattr(self, get_handler_name(message))(message)

    async def find_services(self) -> frozenset[int]:
        """
        :raises Refused: if this screen is not for this visitor
        """
        raise NotImplementedError

    async def connect(self) -> None:
        self.allowance = Allowance()
        async with audience.here().door:
            try:
                self.services = await self.find_services()
                await self.enter()
            except Refused as e:
                await self.accept()  # a browser is only told the code of a socket that was open
                await self.close(code=e.code)

    async def enter(self) -> None:
        await self.join()
        await self.accept()
        await self.say({"type": "hello", "at": timezone.now().isoformat(), "build": settings.BUILD})
        await self.send_boards(await self.load_boards())
        early, self.early = self.early or [], None
        for message in early:
            await self.dispatch(message)

    async def join(self) -> None:
        for group in [*self.shared, *map(groups.line, sorted(self.services))]:
            await audience.here().join(group, self)
            self.groups.append(group)

    async def hear(self, message: dict[str, Any]) -> None:
        """Of its groups. A socket that is not open yet can pass nothing on."""
        if self.early is None:
            await self.dispatch(message)
        else:
            self.early.append(message)

    async def load_boards(self) -> dict[int, str]:
        """From Redis, and what it has lost from the database: this is still the handshake."""
        try:
            found = await boards.load(self.services)
        except RedisError:
            found = {}
        missing = self.services - found.keys()
        return found | (await handshake.build(missing) if missing else {})

    async def send_boards(self, texts: dict[int, str]) -> None:
        for text in texts.values():
            await self.send(text_data=f'{{"type":"board","board":{text}}}')

    async def say(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message))

    async def live_text(self, message: dict[str, str]) -> None:
        """The worker sends a board or a tick, ready to be passed on."""
        await self.send(text_data=message["text"])

    async def live_reshaped(self, message: dict[str, str]) -> None:
        """Services or displays came or went: whoever comes back finds the present set."""
        await self.say({"type": "bye", "reason": "changed"})
        await self.close(code=CHANGED)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            await self.answer(self.understand(text_data))
        except Refused as e:
            await self.close(code=e.code)

    def understand(self, text: str | None) -> dict[str, Any]:
        """
        :raises Refused: if it is too much, too long, or no JSON object
        """
        if text is None:
            raise Refused(NOT_TEXT)
        if len(text) > MESSAGE_LIMIT:
            raise Refused(TOO_LONG)
        if not self.allowance.take():
            raise Refused(TOO_MANY)
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            raise Refused(NOT_UNDERSTOOD) from None
        if not isinstance(said, dict):
            raise Refused(NOT_UNDERSTOOD)
        return said

    async def answer(self, said: dict[str, Any]) -> None:
        """What is not known is passed over: a newer page may say more."""
        match said:
            case {"type": "look", "service": int(service)} if service in self.services:
                with suppress(RedisError):  # the next tick asks again
                    await self.send_boards(await boards.load([int(service)]))

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        raise StopConsumer


class DeskConsumer(BoardConsumer):
    """All services, for people who are signed in."""

    shared = (groups.TICKS, groups.DESKS)

    async def find_services(self) -> frozenset[int]:
        if not self.scope["user"].is_authenticated:
            raise Refused(NOT_SIGNED_IN)
        return await handshake.all_services()


class DisplayConsumer(BoardConsumer):
    """The services of one display: for its paired screen, for people who may view it, for all if it is open to all."""

    async def find_services(self) -> frozenset[int]:
        token = self.scope["cookies"].get(pairing.COOKIE, "")
        self.opened = await handshake.open_display(self.scope["url_route"]["kwargs"]["slug"], token, self.scope["user"])
        if self.opened.device_id is not None:
            self.shared = (groups.TICKS, groups.device(self.opened.device_id))
        return self.opened.services

    async def live_revoked(self, message: dict[str, str]) -> None:
        """Somebody took its pairing back."""
        await self.close(code=NOT_SIGNED_IN)

    async def answer(self, said: dict[str, Any]) -> None:
        match said:
            case {"type": "shown" | "beat" | "fault"} if not self.opened.is_screen:
                pass  # somebody looks at it elsewhere
            case {"type": "shown", "call": str(call), "service": int(service)} if service in self.services:
                self.log("call.shown", call=call[:40], service=int(service))
                await self.tell_desks(call[:40])
            case {"type": "beat"}:
                about = {key: str(said.get(key, ""))[:20] for key in ("audio", "build")}
                self.log("display.beat", device=self.opened.device_id, visible=bool(said.get("visible")), **about)
            case {"type": "fault", "fault": str(fault)}:
                self.log("display.fault", device=self.opened.device_id, fault=fault[:100])
            case _:
                await super().answer(said)

    def log(self, kind: str, **detail: Any) -> None:
        activity.log_activity(kind, display=self.opened.slug, **detail)

    async def tell_desks(self, call: str) -> None:
        shown = {"type": "shown", "call": call, "display": self.opened.name, "at": timezone.now().isoformat()}
        with suppress(RedisError, OSError):  # the log has it
            await audience.tell(groups.DESKS, {"type": "live.text", "text": json.dumps(shown)})


class NobodyConsumer(AsyncWebsocketConsumer):
    """Every other address."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(code=NOT_FOUND)
