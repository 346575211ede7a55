"""What a socket asks the database while it is opened; see Note [No database after the handshake] in consumers.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone

from notifications import boards
from queueing import board as queueing_board
from queueing import pairing
from queueing.acting import Person
from queueing.models import Display, Service

P = ParamSpec("P")
Answer = TypeVar("Answer")

# A server may close with 1000 or from 3000 on; the ends of these are those of the standard codes of the same meaning.
NOT_SIGNED_IN, NOT_FOUND = 4401, 4404


class Refused(Exception):
    """The socket is closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A display as it was at the handshake, and who has opened it."""

    slug: str
    name: str
    services: frozenset[int]
    device_id: int | None
    #: It stands where patients see it: nobody's second look at it.
    is_screen: bool


def in_a_thread(look: Callable[P, Answer]) -> Callable[P, Awaitable[Answer]]:
    """One of the event loop's handful, not the one that all sockets share; its connection goes back at once."""

    @wraps(look)
    def run(*args: P.args, **kwargs: P.kwargs) -> Answer:
        try:
            return look(*args, **kwargs)
        finally:
            connection.close()

    return sync_to_async(run, thread_sensitive=False)


@in_a_thread
def all_services() -> frozenset[int]:
    return frozenset(Service.objects.values_list("pk", flat=True))


@in_a_thread
def open_display(slug: str, token: str, user: Person) -> Opened:
    """
    :raises Refused: if there is no such display, or the visitor may not open it
    """
    display = Display.objects.filter(slug=slug).first()
    if display is None:
        raise Refused(NOT_FOUND)
    device = pairing.device_of(display, token)
    is_screen = device is not None or display.open_to_all
    if not is_screen and not pairing.may_view(display, user):
        raise Refused(NOT_SIGNED_IN)
    return Opened(
        slug=slug,
        name=display.name,
        services=frozenset(display.shows.values_list("service_id", flat=True)),
        device_id=device.pk if device else None,
        is_screen=is_screen,
    )


@in_a_thread
def build(service_ids: Iterable[int]) -> dict[int, str]:
    at = timezone.now()
    return {service_id: boards.as_text(queueing_board.board(service_id, at)) for service_id in sorted(service_ids)}
