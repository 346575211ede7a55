"""Sockets of patients' phones. See Note [No database after the handshake] in consumers.py."""

from __future__ import annotations

import json

from django.utils import timezone

from notifications.consumers import BoardConsumer
from notifications.handshake import NOT_FOUND, Refused, in_a_thread
from queueing import self_service
from queueing.board import Board

#: So many who are next look at once when their line changes; the others take their time.
NEAR = 3


class TicketConsumer(BoardConsumer):
    """The line of one ticket, for whoever has its token. It says that something changed, and no code of anybody."""

    async def find_services(self) -> frozenset[int]:
        found = await _line_of(self.scope["url_route"]["kwargs"]["token"])
        if found is None:
            raise Refused(NOT_FOUND)
        service_id, self.code = found
        return frozenset([service_id])

    async def send_boards(self, texts: dict[int, str]) -> None:
        for text in texts.values():
            await self.say_changed(json.loads(text))

    async def live_text(self, message: dict[str, str]) -> None:
        said = json.loads(message["text"])
        await (self.say_changed(said["board"]) if said["type"] == "board" else super().live_text(message))

    async def say_changed(self, board: Board) -> None:
        near = [call["code"] for call in board["calls"]] + board["waiting"][:NEAR]
        service, version = board["service"]["id"], board["version"]
        await self.say({"type": "changed", "service": service, "version": version, "near": self.code in near})


@in_a_thread
def _line_of(token: str) -> tuple[int, str] | None:
    ticket = self_service.find(token, timezone.now())
    return (ticket.service_id, ticket.code) if ticket else None
