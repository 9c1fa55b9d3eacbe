"""Connections to Redis, and its errors in our words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.redis.options import RedisOptions

__all__ = ["MissingError", "answering", "client_of", "open_client"]

CONNECT_SECONDS = 10.0
CONNECT_PAUSE = 0.2
ANSWER_SECONDS = 5.0
OLDEST = (7, 0)
MISSING = ("no such key", "NOGROUP")
log = logging.getLogger(__name__)


class MissingError(TransportError):
    """A stream or a group is not there, or not any more."""


@asynccontextmanager
async def answering(doing: str) -> AsyncIterator[None]:
    """Time for an answer, and what the client raises, in our words.

    A `socket_timeout` of the client's own would swallow a cancellation that comes while it sends, on Python 3.11.
    """
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            yield
    except ResponseError as error:
        if any(each in str(error) for each in MISSING):
            raise MissingError(f"Redis: {doing}: {error}: run `eda provision`") from error
        raise TransportError(f"Redis: {doing}: {error}") from error
    except (RedisError, OSError, TimeoutError) as error:
        raise TransportError(f"Redis: {doing}: {error or 'no answer'}") from error


def client_of(options: RedisOptions) -> Redis:
    """A client that tries nothing twice by itself: what failed is told, and connects anew when it is next asked."""
    tls = options.tls
    return Redis(
        host=options.host,
        port=options.port,
        db=options.database,
        protocol=2,
        username=options.user,
        password=options.password,
        ssl=tls is not None,
        ssl_ca_certs=tls.authority if tls else None,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_password=tls.password if tls else None,
        socket_timeout=None,
        socket_connect_timeout=ANSWER_SECONDS,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        client_name="eda-runtime",
    )


async def open_client(options: RedisOptions) -> Redis:
    """Raises `ConfigurationError` where the server refuses us, and `TransportError` where it is not to be reached."""
    client = client_of(options)
    try:
        await _wait_for(client, options)
        await _look_at_the_server(client, options)
    except BaseException:
        await client.aclose()
        raise
    return client


async def _wait_for(client: Redis, options: RedisOptions) -> None:
    clock = asyncio.get_running_loop().time
    deadline = clock() + CONNECT_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                await client.ping()
            return
        except (AuthenticationError, NoPermissionError) as error:
            raise ConfigurationError(
                f"Redis at {options.shown} refused us: {error}; check EDA_REDIS_USERNAME and EDA_REDIS_PASSWORD"
            ) from error
        except (RedisError, OSError, TimeoutError) as error:
            if "certificate" in str(error).lower():
                raise ConfigurationError(f"Redis at {options.shown}: {error}; check EDA_REDIS_CA_FILE") from error
            if clock() + CONNECT_PAUSE > deadline:
                raise TransportError(f"Redis at {options.shown} cannot be reached: {error or 'no answer'}") from error
        await asyncio.sleep(CONNECT_PAUSE)


async def _look_at_the_server(client: Redis, options: RedisOptions) -> None:
    """Refuse what is too old, and warn of what forgets messages by itself."""
    async with answering("asking for its state"):
        with suppress(NoPermissionError):
            told = await client.info()
            version = str(told["redis_version"])
            if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
                raise ConfigurationError(f"Redis at {options.shown} is {version}: 7.0 or later is needed")
            if told.get("maxmemory_policy", "noeviction") != "noeviction":
                log.warning("Redis evicts keys by %s: messages may vanish; set noeviction", told["maxmemory_policy"])
            if not told.get("aof_enabled"):
                log.warning("Redis keeps no append-only file: a restart loses messages; set appendonly yes")
