"""RabbitMQ as a transport."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange
from eda_runtime.transports.amqp.connection import Connection
from eda_runtime.transports.amqp.lag import lag_of
from eda_runtime.transports.amqp.layout import group_name
from eda_runtime.transports.amqp.options import AmqpOptions
from eda_runtime.transports.amqp.provision import provision
from eda_runtime.transports.amqp.publisher import Publisher
from eda_runtime.transports.amqp.receiver import GroupReceiver, find_queues

__all__ = ["AmqpTransport", "connect"]

FEATURES = Features(replay=False, max_body=1_000_000)


async def connect(options: AmqpOptions) -> AmqpTransport:
    """Raises `ConfigurationError` where the server refuses us, and `TransportError` where it is not to be reached."""
    connection = Connection(options)
    await connection.open()
    return AmqpTransport(connection)


class AmqpTransport:
    """A connection to a server. An address is an exchange, a group's partition a queue.

    Of a service's topology it remembers which operations share a group, since each of these has queues of its own.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._topology = Topology(())
        self._publisher = Publisher(connection, FEATURES.max_body)
        self._receivers: list[Receiver] = []

    @property
    def features(self) -> Features:
        return FEATURES

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await self._publisher.send(messages)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        if replay:
            raise ConfigurationError(
                "RabbitMQ keeps no message that is done with: what a consumer could not handle is among its dead letters"
            )
        group = group_name(policy, self._topology)
        queues = await find_queues(self._connection, policy, group)
        receiver = GroupReceiver(self._connection, policy, group, queues)
        self._receivers.append(receiver)
        await receiver.join()
        return receiver

    def inform(self, topology: Topology) -> None:
        self._topology = topology

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        self.inform(topology)
        return await provision(self._connection, topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return [await self._lag(receive, group_name(receive, topology)) for receive in topology.receives]

    async def close(self) -> None:
        await asyncio.gather(*(receiver.close() for receiver in self._receivers))
        await self._publisher.close()
        await self._connection.close()

    async def _lag(self, receive: ReceivePolicy, group: str) -> Lag:
        return await lag_of(self._connection, receive, group, await find_queues(self._connection, receive, group))
