"""Boards in Redis, where screens find them without a query. Redis may lose them: they come again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import redis
from django.conf import settings
from redis import asyncio as aioredis
from redis.backoff import NoBackoff
from redis.retry import Retry

from queueing.board import Board

#: Two hashes, service -> JSON text and service -> version.
BOARDS = "clinic:boards"
VERSIONS = "clinic:versions"
#: Bytes. The socket takes 64 KiB; a board is never near it.
LIMIT = 48 * 1024
#: Nobody waits longer for Redis, in seconds.
PATIENCE = 0.5

_clients: dict[asyncio.AbstractEventLoop, aioredis.Redis] = {}


class BoardTooLarge(ValueError):
    """A board has limits of its own, so this is a mistake in the program."""


def as_text(board: Board) -> str:
    """
    :raises BoardTooLarge: above LIMIT
    """
    text = json.dumps(board, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > LIMIT:
        raise BoardTooLarge(f"The board of service {board['service']['id']} has more than {LIMIT} bytes.")
    return text


class Written(NamedTuple):
    """A board as it is stored and sent."""

    service_id: int
    version: int
    text: str


def write(board: Board) -> Written:
    """
    :raises BoardTooLarge: above LIMIT
    """
    return Written(board["service"]["id"], board["version"], as_text(board))


async def store(boards: Iterable[Written]) -> None:
    async with client().pipeline(transaction=True) as pipe:
        for board in boards:
            pipe.hset(BOARDS, str(board.service_id), board.text)
            pipe.hset(VERSIONS, str(board.service_id), str(board.version))
        await pipe.execute()


async def load(service_ids: Iterable[int]) -> dict[int, str]:
    """Service -> board as JSON text, of those that are stored."""
    wanted = sorted(service_ids)
    if not wanted:
        return {}
    found = await _awaited(client().hmget(BOARDS, [str(service_id) for service_id in wanted]))
    return {service_id: text for service_id, text in zip(wanted, found, strict=True) if text is not None}


async def versions() -> dict[int, int]:
    """Service -> version of the board that is stored."""
    stored = await _awaited(client().hgetall(VERSIONS))
    return {int(service_id): int(version) for service_id, version in stored.items()}


async def ping() -> None:
    await _awaited(client().ping())


async def forget(service_ids: Iterable[int]) -> None:
    fields = [str(service_id) for service_id in service_ids]
    if fields:
        await _awaited(client().hdel(BOARDS, *fields))
        await _awaited(client().hdel(VERSIONS, *fields))


def load_now(service_id: int, *, version: int) -> str | None:
    """The stored board for a thread that has no event loop, if it is of this version. None too while Redis is away."""
    try:
        text = blocking_client().hget(BOARDS, str(service_id))
    except redis.RedisError:
        return None
    return str(text) if text and json.loads(str(text))["version"] == version else None


def client() -> aioredis.Redis:
    """One for each event loop: its connections cannot cross. Whoever ends a loop calls `close` first."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        _clients[loop] = aioredis.Redis.from_url(
            settings.REDIS_URL, **_options(), retry=aioredis.retry.Retry(NoBackoff(), 0)
        )
    return _clients[loop]


async def close() -> None:
    """Of the running event loop."""
    if found := _clients.pop(asyncio.get_running_loop(), None):
        await found.aclose()


@cache
def blocking_client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, **_options(), retry=Retry(NoBackoff(), 0))


async def _awaited(answer: Any) -> Any:
    """redis-py types every answer as perhaps awaitable; those of this client are."""
    return await answer


def _options() -> dict[str, Any]:
    return {"decode_responses": True, "socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
