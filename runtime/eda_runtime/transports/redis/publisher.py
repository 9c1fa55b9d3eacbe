"""Appends messages to streams."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from eda_runtime.errors import TransportError
from eda_runtime.transports import Outgoing
from eda_runtime.transports.redis.connection import answering, client_of
from eda_runtime.transports.redis.messages import fields_of
from eda_runtime.transports.redis.options import RedisOptions

__all__ = ["Publisher"]

WAIT_MILLISECONDS = 4000


class Publisher:
    """One connection, and one transaction a call: all messages of it are appended in order, or none."""

    def __init__(self, options: RedisOptions) -> None:
        self._client: Redis = client_of(options).client()
        self._replicas = options.replicas
        self._sending = asyncio.Lock()

    async def send(self, messages: Sequence[tuple[str, Outgoing]]) -> None:
        """Messages by the key of their stream. Raises `TransportError` where it is not sure that all are kept."""
        if not messages:
            return
        async with self._sending, answering("appending"):
            pipeline = self._client.pipeline(transaction=True)
            for stream, message in messages:
                fields: dict[Any, Any] = {**fields_of(message)}
                pipeline.xadd(stream, fields)
            await pipeline.execute()
            reached = await self._client.wait(self._replicas, WAIT_MILLISECONDS) if self._replicas else 0
        if reached < self._replicas:
            raise TransportError(f"Redis: {reached} of {self._replicas} replicas have the messages")

    async def close(self) -> None:
        await self._client.aclose()
        await self._client.connection_pool.disconnect()
