"""NATS JetStream as a transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import TransportError
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange
from eda_runtime.transports.nats.connection import Connection
from eda_runtime.transports.nats.lag import lag_of
from eda_runtime.transports.nats.options import NatsOptions
from eda_runtime.transports.nats.provision import provision
from eda_runtime.transports.nats.publisher import Publisher
from eda_runtime.transports.nats.receiver import GroupReceiver
from eda_runtime.transports.nats.register import BucketRegister
from eda_runtime.transports.nats.replay import open_replay
from eda_runtime.transports.nats.streams import consumers_of, find_stream, partitions_of

__all__ = ["NatsTransport", "connect"]

KNOWN_SECONDS = 30.0
HEADERS_SHARE = 48_576 / 1_048_576
"""Of the server's `max_payload`, for headers."""


async def connect(options: NatsOptions) -> NatsTransport:
    """Raises `ConfigurationError` where the server refuses us, and `TransportError` where it is not to be reached."""
    connection = Connection(options)
    await connection.open()
    return NatsTransport(connection)


class NatsTransport:
    """A connection to servers. An address is a stream, a partition a subject."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._features = Features(max_body=round(connection.max_payload * (1 - HEADERS_SHARE)))
        self._publisher = Publisher(connection, self._partitions, self._features.max_body)
        self._known: dict[str, tuple[int, float]] = {}
        self._receivers: list[Receiver] = []

    @property
    def features(self) -> Features:
        return self._features

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await self._publisher.send(messages)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        stream = await find_stream(self._connection, policy)
        if replay:
            replaying = await open_replay(self._connection, stream, policy.channel.address, replay)
            self._receivers.append(replaying)
            return replaying
        consumers = await consumers_of(self._connection, stream, policy)
        register = BucketRegister(self._connection, policy.group, stream.name)
        lease = self._connection.options.lease.total_seconds()
        receiver = GroupReceiver(self._connection, consumers, register, lease)
        self._receivers.append(receiver)
        await receiver.join()
        return receiver

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        self._known.clear()
        return await provision(self._connection, topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return [await lag_of(self._connection, receive) for receive in topology.receives]

    async def close(self) -> None:
        await asyncio.gather(*(receiver.close() for receiver in self._receivers))
        await self._connection.close()

    async def _partitions(self, address: str) -> int:
        """Of an address; looked up anew now and then, as somebody may add some."""
        count, looked_up = self._known.get(address, (0, 0.0))
        if not count or time.monotonic() - looked_up > KNOWN_SECONDS:
            count = await partitions_of(self._connection, address)
            if not count:
                raise TransportError(f"stream of {address} does not exist: run `eda provision` first")
            self._known[address] = count, time.monotonic()
        return count
