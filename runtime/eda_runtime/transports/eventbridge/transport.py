"""EventBridge as a transport."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange
from eda_runtime.transports.eventbridge.clients import Clients
from eda_runtime.transports.eventbridge.lag import lag_of
from eda_runtime.transports.eventbridge.options import EventBridgeOptions
from eda_runtime.transports.eventbridge.provision import provision
from eda_runtime.transports.eventbridge.publisher import MAX_BODY, Publisher
from eda_runtime.transports.eventbridge.queues import find_queue
from eda_runtime.transports.eventbridge.receiver import QueueReceiver
from eda_runtime.transports.eventbridge.replay import open_replay

__all__ = ["EventBridgeTransport", "connect"]

FEATURES = Features(ordered_by_key=False, max_body=MAX_BODY, lag_age=False)


async def connect(options: EventBridgeOptions) -> EventBridgeTransport:
    """Raises `ConfigurationError` where AWS refuses us, and `TransportError` where it is not to be reached."""
    return EventBridgeTransport(await Clients.connect(options))


class EventBridgeTransport:
    """A connection to a region. An address is a bus; a consumer group is a queue that a rule fills."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._publisher = Publisher(clients)
        self._receivers: list[Receiver] = []

    @property
    def features(self) -> Features:
        return FEATURES

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await self._publisher.send(messages)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        address = policy.channel.address
        receiver: Receiver
        if replay:
            receiver = await open_replay(self._clients, address, replay)
        else:
            receiver = QueueReceiver(self._clients, await find_queue(self._clients, policy), address)
        self._receivers.append(receiver)
        return receiver

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await provision(self._clients, topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return [await lag_of(self._clients, each, await find_queue(self._clients, each)) for each in topology.receives]

    async def close(self) -> None:
        await asyncio.gather(*(receiver.close() for receiver in self._receivers))
        await self._clients.close()
