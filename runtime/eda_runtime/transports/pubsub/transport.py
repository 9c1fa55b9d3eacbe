"""Pub/Sub as a transport."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange
from eda_runtime.transports.pubsub.connection import Connection, broker_errors
from eda_runtime.transports.pubsub.family import subscriptions_of
from eda_runtime.transports.pubsub.lag import lag_of
from eda_runtime.transports.pubsub.options import PubsubOptions
from eda_runtime.transports.pubsub.provision import provision
from eda_runtime.transports.pubsub.publisher import LARGEST_BODY, Publisher
from eda_runtime.transports.pubsub.receiver import GroupReceiver
from eda_runtime.transports.pubsub.replay import open_replay
from eda_runtime.transports.pubsub.source import Source

__all__ = ["PubsubTransport", "connect"]

FEATURES = Features(max_body=LARGEST_BODY)


async def connect(options: PubsubOptions) -> PubsubTransport:
    """Raises `ConfigurationError` where Pub/Sub refuses us, and `TransportError` where it is not to be reached."""
    return PubsubTransport(await Connection.open(options))


class PubsubTransport:
    """A project's topics and subscriptions. The envelope's `partitionkey` is the ordering key."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._publisher = Publisher(connection.publisher, connection.options.project)
        self._receivers: list[Receiver] = []

    @property
    def features(self) -> Features:
        return FEATURES

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await self._publisher.send(messages)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        receiver: Receiver
        if replay:
            receiver = await open_replay(self._connection, policy, replay)
        else:
            with broker_errors(f"looking for the subscription of {policy.group}"):
                subscriptions = await subscriptions_of(self._connection, policy)
            receiver = GroupReceiver([Source(self._connection, *each) for each in subscriptions.items()])
        self._receivers.append(receiver)
        return receiver

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await provision(self._connection, topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return await asyncio.gather(*(lag_of(self._connection, each) for each in topology.receives))

    async def close(self) -> None:
        await asyncio.gather(*(receiver.close() for receiver in self._receivers))
        await self._connection.close()
