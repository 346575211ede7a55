"""The sockets of this process, by what they listen to.

Note [One channel for all sockets]
Channels would give each socket a channel and a task of its own: with thousands of displays each board would be decoded
thousands of times, by thousands of tasks. Here it is read once and handed on to everybody in its group.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from redis import RedisError

logger = logging.getLogger(__name__)

#: So many hear a message before pages and other sockets get their turn.
AT_ONCE = 10
#: So many are let in at once: after a restart all screens come back together, and people want their pages meanwhile.
DOOR = 2


class Listener(Protocol):
    async def hear(self, message: dict[str, Any]) -> None: ...


async def tell(group: str, message: dict[str, Any]) -> None:
    """Everybody in this group, in whichever process.

    :raises RedisError: while nobody can be reached
    """
    await get_channel_layer().group_send(group, {**message, "group": group})


class Audience:
    """Of one event loop; `here` finds it."""

    def __init__(self) -> None:
        self.groups: dict[str, set[Listener]] = {}
        #: Whoever joins a group waits until it is subscribed to.
        self.lock = asyncio.Lock()
        self.door = asyncio.Semaphore(DOOR)
        self.channel = ""
        self.handing_on: asyncio.Task[None] | None = None

    async def join(self, group: str, listener: Listener) -> None:
        """
        :raises RedisError: if the group cannot be subscribed to
        """
        async with self.lock:
            if group not in self.groups:
                await self.open()
                await get_channel_layer().group_add(group, self.channel)
            self.groups.setdefault(group, set()).add(listener)

    async def leave(self, groups: Iterable[str], listener: Listener) -> None:
        """Also while Redis is away, which then goes on sending what nobody hears."""
        async with self.lock:
            empty = [group for group in groups if self.is_empty_without(listener, group)]
            for group in empty:
                del self.groups[group]
            if not self.groups:
                await self.close()
            for group in empty:
                with suppress(RedisError, OSError):
                    await get_channel_layer().group_discard(group, self.channel)

    def is_empty_without(self, listener: Listener, group: str) -> bool:
        listeners = self.groups.get(group, set())
        listeners.discard(listener)
        return group in self.groups and not listeners

    async def open(self) -> None:
        if self.handing_on is None or self.handing_on.done():
            self.channel = await get_channel_layer().new_channel()
            self.handing_on = asyncio.create_task(self.hand_on())

    async def close(self) -> None:
        if self.handing_on is not None:
            self.handing_on.cancel()
            await asyncio.wait([self.handing_on])

    async def hand_on(self) -> None:
        while True:
            message = await get_channel_layer().receive(self.channel)
            for number, listener in enumerate(tuple(self.groups.get(message["group"], ())), start=1):
                await self.hand(listener, message)
                if not number % AT_ONCE:
                    await asyncio.sleep(0)

    async def hand(self, listener: Listener, message: dict[str, Any]) -> None:
        try:
            await listener.hear(message)
        except Exception as e:  # most often it is just being closed
            logger.warning("A socket could not be told message=%s error=%r", message["type"], e)


_audiences: WeakKeyDictionary[asyncio.AbstractEventLoop, Audience] = WeakKeyDictionary()


def here() -> Audience:
    """Of the running event loop."""
    return _audiences.setdefault(asyncio.get_running_loop(), Audience())
