"""Sends messages to streams."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from eda_runtime.errors import PublishError, TransportError
from eda_runtime.transports import Outgoing
from eda_runtime.transports.nats.connection import Connection
from eda_runtime.transports.nats.messages import headers_of, size_of
from eda_runtime.transports.nats.names import check_name, subject
from eda_runtime.transports.partitions import partition_number

__all__ = ["Publisher"]

MOST_AT_ONCE = 256


class Publisher:
    """Keys side by side, the messages of a key one after another: each waits until the stream has the one before, so that
    none overtakes one that got lost."""

    def __init__(self, connection: Connection, partitions: Callable[[str], Awaitable[int]], max_body: int) -> None:
        self._connection = connection
        self._partitions = partitions
        self._max_body = max_body
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        queues: dict[tuple[str, str], list[Outgoing]] = {}
        for message in messages:
            key = message.envelope.partitionkey
            queues.setdefault(
                (message.address, f"id {message.envelope.id}" if key is None else f"key {key}"), []
            ).append(message)
        failed: dict[str, list[Outgoing]] = {}
        for reason, left in await asyncio.gather(*map(self._send_in_turn, queues.values())):
            failed.setdefault(reason, []).extend(left)
        failed.pop("", None)
        if failed:
            raise PublishError("; ".join(sorted(failed)), [message for left in failed.values() for message in left])

    async def _send_in_turn(self, queue: Sequence[Outgoing]) -> tuple[str, Sequence[Outgoing]]:
        """Why something was left, and what: a message that could not be sent, and what follows it."""
        for index, message in enumerate(queue):
            try:
                async with self._slots:
                    await self._send(message)
            except TransportError as error:
                return str(error), queue[index:]
        return "", ()

    async def _send(self, message: Outgoing) -> None:
        envelope, address = message.envelope, message.address
        if problem := check_name(address):
            raise TransportError(problem)
        if len(envelope.data) > self._max_body:
            raise TransportError(f"a body of {len(envelope.data)} bytes is larger than {self._max_body}")
        headers = headers_of(envelope)
        if size_of(headers, envelope.data) > self._connection.max_payload:
            raise TransportError(f"headers and body together exceed max_payload, {self._connection.max_payload} bytes")
        partitions = await self._partitions(address)
        key = envelope.id if envelope.partitionkey is None else envelope.partitionkey
        await self._connection.store(subject(address, partition_number(key, partitions)), envelope.data, headers)
