"""Hurts the parts of a clinic at random, several at a time, and heals each a moment later."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from functools import partial

from notifications import boards

#: Seconds between two faults, and how long one lasts.
PAUSES, LASTS = (0.5, 3.0), (0.1, 2.5)


class Nemesis:
    """Works in the thread that it is called in: servers end with the thread that started them."""

    def __init__(self, house, seed):
        self.random, self.house = random.Random(f"{seed}-nemesis"), house
        self.hurts = {
            "worker killed": [partial(self.kill_part, part) for part in self.parts("worker")],
            "worker stopped": [partial(self.stop_part, part) for part in self.parts("worker")],
            "web killed": [partial(self.kill_part, part) for part in self.parts("web")],
            "web stopped": [partial(self.stop_part, part) for part in self.parts("web")],
            "Valkey killed": [partial(self.kill_server, "valkey")],
            "Valkey flushed": [self.flush],
            "replica killed": [partial(self.kill_server, "replica")],
            "primary killed": [partial(self.kill_server, "primary")],
            "primary restarted": [self.restart_primary],
        }
        self.counts, self.ended = Counter(), Counter()
        #: What is hurt now -> when it is healed, and how.
        self.hurt = {}

    def parts(self, kind):
        return [part for name, part in self.house.parts.items() if name.startswith(kind)]

    def work(self, seconds):
        until = next_at = time.monotonic()
        until += seconds
        while (now := time.monotonic()) < until:
            self.heal(due=now)
            self.tend()
            if now >= next_at:
                self.strike()
                next_at = now + self.random.uniform(*PAUSES)
            time.sleep(0.05)
        self.heal(due=float("inf"))

    def strike(self):
        """Each kind as often as any other; what is hurt or not back yet is left in peace."""
        kind = self.random.choice(list(self.hurts))
        if self.random.choice(self.hurts[kind])():
            self.counts[kind] += 1

    def heal(self, *, due):
        for hurt in [hurt for hurt, (at, _) in self.hurt.items() if at <= due]:
            _, how = self.hurt.pop(hurt)
            how()

    def later(self, hurt, how):
        self.hurt[hurt] = time.monotonic() + self.random.uniform(*LASTS), how
        return True

    def tend(self):
        """Start again what has ended by itself, as whoever keeps the processes does."""
        for name, part in self.house.parts.items():
            if part.has_ended and name not in self.hurt:
                self.ended[name.partition("-")[0]] += 1
                self.later(name, part.start)

    def kill_part(self, part):
        if part.name in self.hurt or not part.is_ready:
            return False
        part.kill()
        return self.later(part.name, part.start)

    def stop_part(self, part):
        if part.name in self.hurt or not part.is_ready:
            return False
        part.tell(signal.SIGSTOP)
        return self.later(part.name, partial(part.tell, signal.SIGCONT))

    def kill_server(self, name):
        if name in self.hurt:
            return False
        self.house.servers[name].kill()
        return self.later(name, self.house.servers[name].start)

    def restart_primary(self):
        """As it is done for an upgrade: whoever is connected is cut off."""
        if "primary" in self.hurt:
            return False
        child = self.house.servers["primary"].child
        child.tell(child.stop_signal)
        child.process.wait()
        return self.later("primary", self.house.servers["primary"].start)

    def flush(self):
        if "valkey" in self.hurt:
            return False
        boards.blocking_client().flushall()
        return True
