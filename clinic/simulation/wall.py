"""A display in the waiting room: listens on its socket, and plays every call once, in order."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from clinic.simulation.browser import CannotGoOn

SECONDS_TO_OPEN = 10.0
SECONDS_TO_COME_BACK = 30.0
PAUSE = 0.2


class Wall:
    """Counts for itself: `shown` says how often each code was announced, over all connections."""

    def __init__(self, site: str, slug: str) -> None:
        parts = urlsplit(site)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.address = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}/ws/display/{slug}/"
        self.versions: dict[int, int] = {}
        self.played: set[str] = set()
        self.shown: Counter[str] = Counter()
        self.socket: ClientConnection | None = None

    def __enter__(self) -> Wall:
        return self

    def __exit__(self, *_: object) -> None:
        if self.socket:
            self.socket.close()

    def open(self, *, services: int) -> None:
        """Come on, and take every service's present board. What was called before is not announced.

        :raises CannotGoOn: if there is no such display, or it does not show all services
        """
        try:
            self._connect()
        except (OSError, WebSocketException) as problem:
            raise CannotGoOn(f"No display can listen at {self.address}: {problem}.") from problem
        self._listen_until(lambda: len(self.versions) >= services, SECONDS_TO_OPEN)
        if len(self.versions) < services:
            raise CannotGoOn(
                f"{self.address} sent {len(self.versions)} boards, and the clinic has {services} services."
            )
        self.shown.clear()

    def listen(self, seconds: float) -> None:
        """Take everything that has come, and what comes within so many seconds."""
        self._listen_until(lambda: False, seconds)

    def wait_for(self, codes: set[str], *, seconds: float) -> None:
        """Until all of these have been announced, or for so long."""
        self._listen_until(lambda: codes <= self.shown.keys(), seconds)

    def _listen_until(self, is_done: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not is_done():
            try:
                # Zero: take what is there already and return.
                self.hear(json.loads(self._connected().recv(timeout=max(0.0, deadline - time.monotonic()))))
            except TimeoutError:
                return
            except ConnectionClosed:
                self.socket = None

    def _connected(self) -> ClientConnection:
        """As a display does, come back when the socket is lost. What was missed stands on the boards.

        :raises CannotGoOn: if it does not come back
        """
        deadline = time.monotonic() + SECONDS_TO_COME_BACK
        while not self.socket:
            try:
                self._connect()
            except (OSError, WebSocketException) as problem:
                if time.monotonic() > deadline:
                    raise CannotGoOn(f"The display's socket was lost and did not come back: {problem}.") from problem
                time.sleep(PAUSE)
        return self.socket

    def _connect(self) -> None:
        # No limit on what waits here: a display that is slow to read must still answer the server's pings.
        self.socket = connect(
            self.address,
            origin=Origin(self.origin),
            open_timeout=SECONDS_TO_OPEN,
            max_queue=None,
        )

    def hear(self, message: dict[str, Any]) -> None:
        """Act on one message of the clinic."""
        match message:
            case {"type": "board", "board": board}:
                self._take(board)
            case {"type": "tick", "versions": versions}:
                for service, version in versions.items():
                    if version > self.versions.get(int(service), version):
                        self._say({"type": "look", "service": int(service)})

    def _take(self, board: dict[str, Any]) -> None:
        service = board["service"]["id"]
        if board["version"] <= self.versions.get(service, 0):
            return
        self.versions[service] = board["version"]
        for call in reversed(board["calls"]):
            if call["id"] not in self.played:
                self.played.add(call["id"])
                self.shown[call["code"]] += 1
                self._say({"type": "shown", "call": call["id"], "service": service})

    def _say(self, message: dict[str, Any]) -> None:
        if self.socket:
            self.socket.send(json.dumps(message))
