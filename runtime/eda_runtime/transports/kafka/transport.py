"""Kafka as a transport."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import PublishError, TransportError
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange
from eda_runtime.transports.kafka.cluster import Cluster, broker_errors, check_name, pattern_of, topics_of
from eda_runtime.transports.kafka.lag import lag_of
from eda_runtime.transports.kafka.options import KafkaOptions
from eda_runtime.transports.kafka.provision import provision
from eda_runtime.transports.kafka.publisher import Publisher
from eda_runtime.transports.kafka.receiver import GroupReceiver
from eda_runtime.transports.kafka.replay import open_replay
from eda_runtime.transports.kafka.schemas import RegistryOptions, SchemaRegistry
from eda_runtime.transports.kafka.wire import ConfluentFormat, WireFormat

__all__ = ["KafkaTransport", "connect"]

FEATURES = Features(max_body=1_000_000)


async def connect(options: KafkaOptions) -> KafkaTransport:
    """Raises `ConfigurationError` where the cluster refuses us, and `TransportError` where it is not to be reached."""
    cluster = Cluster(options)
    await cluster.connect()
    return KafkaTransport(cluster, await _wire_format(options.registry))


async def _wire_format(options: RegistryOptions | None) -> WireFormat:
    if options is None:
        return WireFormat()
    registry = SchemaRegistry(options)
    await asyncio.to_thread(registry.check)
    return ConfluentFormat(registry)


class KafkaTransport:
    """A connection to a cluster. An address is a topic; the envelope's `partitionkey` is the record's key."""

    def __init__(self, cluster: Cluster, wire_format: WireFormat) -> None:
        self._cluster = cluster
        self._options = cluster.options
        self._wire_format = wire_format
        self._publisher = Publisher(cluster.options.client, wire_format.frame)
        self._receivers: list[Receiver] = []

    @property
    def features(self) -> Features:
        return FEATURES

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        try:
            await self._know({message.address for message in messages})
        except TransportError as error:
            raise PublishError(str(error), messages) from error
        unframed = await self._wire_format.prepare(messages)
        told_each = [self._refusal(message) or unframed.get(place) for place, message in enumerate(messages)]
        reasons = _with_followers(messages, told_each)
        failed: list[Outgoing] = [message for message, reason in zip(messages, reasons, strict=True) if reason]
        told = {reason for reason in reasons if reason}
        try:
            await self._publisher.send([each for each, reason in zip(messages, reasons, strict=True) if not reason])
        except PublishError as error:
            failed += error.unacknowledged
            told.add(str(error))
        if failed:
            raise PublishError("; ".join(sorted(told)), failed)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        await self._cluster.expect(policy.channel)
        if replay:
            topics = topics_of(policy.channel.address, self._cluster.topics)
            replaying = await open_replay(self._options, policy.group, topics, replay)
            self._receivers.append(replaying)
            return self._wire_format.around(replaying)
        receiver = GroupReceiver(self._options, policy.group)
        self._receivers.append(receiver)
        await receiver.join(pattern_of(policy.channel.address))
        return self._wire_format.around(receiver)

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await provision(self._cluster, topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        topics = await self._cluster.look()
        with broker_errors("asking for the lag"):
            return [
                await asyncio.to_thread(lag_of, self._options, each, topics_of(each.channel.address, topics))
                for each in topology.receives
            ]

    async def close(self) -> None:
        await asyncio.gather(*(receiver.close() for receiver in self._receivers))
        await self._publisher.close()

    async def _know(self, addresses: set[str]) -> None:
        if not addresses <= self._cluster.topics.keys():
            await self._cluster.look()

    def _refusal(self, message: Outgoing) -> str | None:
        """Why a message cannot be sent, if so."""
        if problem := check_name(message.address):
            return problem
        if message.address not in self._cluster.topics:
            return f"topic {message.address} does not exist: run `eda provision` first"
        if len(message.envelope.data) > FEATURES.max_body:
            return f"a body of {len(message.envelope.data)} bytes is larger than {FEATURES.max_body}"
        return None


def _with_followers(messages: Sequence[Outgoing], reasons: Sequence[str | None]) -> list[str | None]:
    """What cannot be sent, and what follows it in the order of its key."""
    waiting: set[tuple[str, str]] = set()
    found: list[str | None] = []
    for message, reason in zip(messages, reasons, strict=True):
        order = message.address, message.envelope.partitionkey or ""
        if reason is None and order in waiting:
            reason = "an earlier message of its key cannot be sent"
        if reason is not None and message.envelope.partitionkey is not None:
            waiting.add(order)
        found.append(reason)
    return found
