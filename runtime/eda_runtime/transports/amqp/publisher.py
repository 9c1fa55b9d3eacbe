"""Sends messages to RabbitMQ: a key's messages one after the other, each once the server has confirmed the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import count

from aio_pika import Message
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import PublishError as ReturnedError

from eda_runtime.errors import EdaError, PublishError, TransportError
from eda_runtime.transports import Outgoing
from eda_runtime.transports.amqp.connection import Connection, broker_errors, discard
from eda_runtime.transports.amqp.layout import check_name, routing_key
from eda_runtime.transports.amqp.messages import message_of, size_of_headers
from eda_runtime.transports.partitions import partition_number

__all__ = ["Publisher"]

PATIENCE_SECONDS = 30.0
LARGEST_HEADERS = 100_000
"""They must fit a frame, whose size is 131,072 bytes by default."""


class Batch:
    """The messages of one call, and what became of them."""

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self.unacknowledged = dict(enumerate(messages))
        self.written = [message_of(message.envelope) for message in messages]
        self.reasons: set[str] = set()

    def chains(self) -> list[list[int]]:
        """Those of a key together, in order; those without a key by themselves."""
        keyed: dict[tuple[str, str], list[int]] = {}
        alone: list[list[int]] = []
        for index, message in self.unacknowledged.items():
            key = message.envelope.partitionkey
            if key is None:
                alone.append([index])
            else:
                keyed.setdefault((message.address, key), []).append(index)
        return [*keyed.values(), *alone]

    def raise_if_any(self) -> None:
        if self.unacknowledged:
            raise PublishError("; ".join(sorted(self.reasons)), tuple(self.unacknowledged.values()))


class Publisher:
    """Knows how many partitions an address has once it has looked."""

    def __init__(self, connection: Connection, max_body: int) -> None:
        self._connection = connection
        self._max_body = max_body
        self._opening = asyncio.Lock()
        self._channel: AbstractChannel | None = None
        self._known: dict[str, int] = {}
        self._turn = count()

    async def send(self, messages: Sequence[Outgoing]) -> None:
        batch = Batch(messages)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                channel = await self._open()
                await self._look_for({message.address for message in messages})
                await asyncio.gather(*(self._send_chain(channel, chain, batch) for chain in batch.chains()))
        except TimeoutError:
            batch.reasons.add(f"RabbitMQ: no answer within {PATIENCE_SECONDS:.0f} s")
        except EdaError as error:
            batch.reasons.add(str(error))
        batch.raise_if_any()

    async def close(self) -> None:
        if self._channel is not None:
            await discard(self._channel)

    async def _open(self) -> AbstractChannel:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                self._known.clear()
                self._channel = await self._connection.channel(confirms=True)
            return self._channel

    async def _send_chain(self, channel: AbstractChannel, chain: Iterable[int], batch: Batch) -> None:
        """Stop at the first that fails: what comes after it must not be there before it."""
        for index in chain:
            message, written = batch.unacknowledged[index], batch.written[index]
            reason = self._refusal(message.address, written) or await self._send_one(channel, message, written)
            if reason:
                batch.reasons.add(reason)
                return
            del batch.unacknowledged[index]

    async def _send_one(self, channel: AbstractChannel, message: Outgoing, written: Message) -> str | None:
        """Why a message was not taken, if so."""
        key = self._routing_key(message)
        try:
            with broker_errors(f"sending to {message.address}"):
                exchange = await channel.get_exchange(message.address, ensure=False)
                await exchange.publish(written, key, mandatory=True)
        except TransportError as error:
            if isinstance(error.__cause__, ReturnedError):
                return f"no queue takes what is sent to {message.address} by {key}: run `eda provision` for its consumers first"
            return str(error)
        return None

    def _routing_key(self, message: Outgoing) -> str:
        partitions = self._known[message.address]
        key = message.envelope.partitionkey
        return routing_key(next(self._turn) % partitions if key is None else partition_number(key, partitions))

    async def _look_for(self, addresses: set[str]) -> None:
        """An exchange that is missing would end the channel for all. One without partitions has one queue, as for dead letters."""
        for address in addresses - self._known.keys():
            if check_name(address) is None and await self._connection.has_exchange(address):
                self._known[address] = await self._connection.partitions_of(address) or 1

    def _refusal(self, address: str, written: Message) -> str | None:
        """Why a message need not be tried, if so."""
        if address not in self._known:
            return check_name(address) or f"exchange {address} does not exist: run `eda provision` first"
        if written.body_size > self._max_body:
            return f"a body of {written.body_size} bytes for {address} is larger than {self._max_body}"
        if (size := size_of_headers(written.headers)) > LARGEST_HEADERS:
            return f"headers of {size} bytes for {address} are larger than {LARGEST_HEADERS}"
        return None
