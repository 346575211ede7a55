"""A channel layer as bad as its specification allows: at most once, sometimes late, sometimes out of order."""

from __future__ import annotations

import asyncio
import random

from channels_redis.pubsub import RedisPubSubChannelLayer

from notifications.consumers import BoardConsumer

DROPPED, DOUBLED = 0.3, 0.1
#: Seconds.
LATEST = 3.0


class LossyLayer(RedisPubSubChannelLayer):
    """Loses, doubles and delays what each screen hears, each screen for itself. Words to one screen alone too."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.random = random.Random(7)
        self.late = set()
        self.hear = BoardConsumer.hear
        BoardConsumer.hear = lambda socket, message: self.hear_badly(socket, message)

    async def hear_badly(self, socket, message):
        for delay in self.fate():
            task = asyncio.ensure_future(self.deliver(socket, message, delay))
            self.late.add(task)
            task.add_done_callback(self.late.discard)

    def fate(self):
        """The seconds after which a message arrives: none, once or twice."""
        chance = self.random.random()
        times = 0 if chance < DROPPED else 2 if chance < DROPPED + DOUBLED else 1
        return [self.random.uniform(0, LATEST) for _ in range(times)]

    async def deliver(self, socket, message, delay):
        await asyncio.sleep(delay)
        await self.hear(socket, message)
