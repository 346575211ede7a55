"""The load, the same for all: clients that issue a ticket and call one, over and over, each on a connection of its own.

They are threads in a few processes, so that hardly one waits for another's Python. Nobody waits longer than two seconds
for a statement; whoever is refused asks again for as long.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import NamedTuple, TypeVar

import psycopg

from bench import strategies
from bench.strategies import Busy, Strategy, tables
from bench.strategies.judge import Act

PROCESSES = 8
PATIENCE = 2.0
#: Seconds until a refused client asks again, and until an order has reached all processes.
PAUSE = 0.02
HEAD_START = 0.05

Told = TypeVar("Told")


class Order(NamedTuple):
    name: str
    waiting: int
    clients: int
    begin: float
    end: float


@dataclass
class Report:
    """Of one client in one turn."""

    began: float
    ended: float = 0.0
    acts: list[Act] = field(default_factory=list)
    #: seconds of each issue with the call after it
    cycles: list[float] = field(default_factory=list)
    gave_up: int = 0


class GaveUp(Exception):
    """An error, or two seconds of refusals: the person turns away, and begins anew."""


class Crowd:
    def __init__(self, url: str, clients: int) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipes = []
        for number in range(PROCESSES):
            ours, theirs = spawn.Pipe()
            arguments = (theirs, url, share(clients, number))
            spawn.Process(target=serve, args=arguments, daemon=True).start()
            theirs.close()  # so that the end of a process is noticed
            self.pipes.append(ours)
        for pipe in self.pipes:
            pipe.recv()

    def turn(self, name: str, waiting: int, clients: int, seconds: float) -> list[Report]:
        """Let so many of them work for so long. They end what they began."""
        begin = time.monotonic() + HEAD_START
        for number, pipe in enumerate(self.pipes):
            pipe.send(Order(name, waiting, share(clients, number), begin, begin + seconds))
        return [report for pipe in self.pipes for report in pipe.recv()]

    def leave(self) -> None:
        for pipe in self.pipes:
            pipe.send(None)


def share(clients: int, process: int) -> int:
    return len(range(process, clients, PROCESSES))


def serve(pipe: Connection, url: str, clients: int) -> None:
    people = [Client(url) for _ in range(clients)]
    with ThreadPoolExecutor(max(clients, 1)) as threads:
        pipe.send("ready")
        while order := pipe.recv():
            pipe.send(list(threads.map(lambda person, order=order: person.work(order), people[: order.clients])))


class Client:
    def __init__(self, url: str) -> None:
        # This one cannot strike while a commit is written, so no answer is in doubt.
        self.db = psycopg.connect(url, options=f"-c statement_timeout={PATIENCE}s")

    def work(self, order: Order) -> Report:
        """Cycle until it is time to end, and end the last one."""
        strategy = strategies.find(order.name)
        tables.use(self.db, order.name, order.waiting)
        report = Report(order.begin)
        time.sleep(max(0, order.begin - time.monotonic()))
        while time.monotonic() < order.end:
            try:
                self.cycle(strategy, report)
            except GaveUp:
                report.gave_up += 1
        report.ended = time.monotonic()
        return report

    def cycle(self, strategy: Strategy, report: Report) -> None:
        issued = self.issue(strategy)
        report.acts.append(issued)
        called = self.call(strategy)
        report.acts.append(called)
        report.cycles.append(called.ended - issued.began)

    def issue(self, strategy: Strategy) -> Act:
        began = time.monotonic()
        issued = self.ask(strategy.issue)
        return Act("issue", began, time.monotonic(), issued.ticket, issued.number)

    def call(self, strategy: Strategy) -> Act:
        began = time.monotonic()
        called = self.ask(strategy.call)
        return Act("call", began, time.monotonic(), called)

    def ask(self, verb: Callable[[psycopg.Connection], Told]) -> Told:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                return verb(self.db)
            except Busy:
                self.db.rollback()
                time.sleep(PAUSE)
            except psycopg.Error:
                self.db.rollback()
                break
        raise GaveUp
