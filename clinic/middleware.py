"""What happens around every request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_and_async_middleware

from queueing import history

GetResponse = Callable[[HttpRequest], HttpResponse]
AsyncGetResponse = Callable[[HttpRequest], Awaitable[HttpResponse]]
#: Requests that change nothing, so nobody has to be looked up for them.
SAFE = ("GET", "HEAD", "OPTIONS")


@sync_and_async_middleware
def record_who(get_response: Any) -> Any:
    """Whatever a signed-in person's request changes is recorded with their name, also what no verb does."""
    return _asynchronous(get_response) if iscoroutinefunction(get_response) else _synchronous(get_response)


def _synchronous(get_response: GetResponse) -> GetResponse:
    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in SAFE:
            return get_response(request)
        with history.operation(actor=_who(request)):
            return get_response(request)

    return answer


def _asynchronous(get_response: AsyncGetResponse) -> AsyncGetResponse:
    async def answer(request: HttpRequest) -> HttpResponse:
        if request.method in SAFE:
            return await get_response(request)
        # The view reads the same lazy user afterwards, so this costs no second query.
        with history.operation(actor=await sync_to_async(_who)(request)):
            return await get_response(request)

    return answer


def _who(request: HttpRequest) -> str:
    return request.user.get_username()
