"""A channel layer as bad as its specification allows: at most once, sometimes late, sometimes out of order."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from channels_redis.pubsub import RedisPubSubChannelLayer

DROPPED, DOUBLED = 0.3, 0.1
#: Seconds.
LATEST = 3.0


class LossyLayer(RedisPubSubChannelLayer):
    """Loses, doubles and delays what each screen hears, each screen for itself. Words to one screen alone too."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.random = random.Random(7)
        self.heard: dict[str, asyncio.Queue] = {}
        self.pumps: dict[str, asyncio.Task] = {}

    async def receive(self, channel):
        if channel not in self.pumps:
            self.heard[channel] = asyncio.Queue()
            self.pumps[channel] = asyncio.ensure_future(self.pump(channel))
        try:
            return await self.heard[channel].get()
        except asyncio.CancelledError:
            self.pumps.pop(channel).cancel()
            raise

    async def pump(self, channel):
        late = set()
        with suppress(asyncio.CancelledError):
            while True:
                message = await self._get_layer().receive(channel)
                for delay in self.fate():
                    task = asyncio.ensure_future(self.deliver(channel, message, delay))
                    late.add(task)
                    task.add_done_callback(late.discard)

    def fate(self):
        """The seconds after which a message arrives: none, once or twice."""
        chance = self.random.random()
        times = 0 if chance < DROPPED else 2 if chance < DROPPED + DOUBLED else 1
        return [self.random.uniform(0, LATEST) for _ in range(times)]

    async def deliver(self, channel, message, delay):
        await asyncio.sleep(delay)
        self.heard[channel].put_nowait(message)
