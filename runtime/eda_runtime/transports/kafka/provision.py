"""Creates the topics of a topology. Never deletes, never shrinks or shortens; adds partitions only where it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewPartitions, NewTopic

from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.errors import TransportError
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import all_channels
from eda_runtime.transports.kafka.cluster import REQUEST_SECONDS, Cluster, broker_errors, check_name, topics_of
from eda_runtime.transports.retention import FOREVER, kept_longer, spoken

__all__ = ["provision"]

RETENTION = "retention.ms"
UNLIMITED = -1
DOING = ("create", "change")
VISIBLE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Existing:
    """A topic that is there. `retention` is `None` if the cluster does not say."""

    partitions: int
    retention: timedelta | None

    def keeps_too_little(self, wanted: timedelta) -> bool:
        return self.retention is not None and self.retention < min(wanted, FOREVER)


async def provision(cluster: Cluster, topology: Topology, *, dry_run: bool) -> list[ProvisionStep]:
    channels = list(all_channels(topology))
    with broker_errors("provisioning"):
        compared = await compare_all(cluster, channels)
        if not dry_run:
            for channel, (step, existing) in zip(channels, compared, strict=True):
                await carry_out(cluster, channel, step, existing)
            touched = [each for each, (step, _) in zip(channels, compared, strict=True) if step.action in DOING]
            await until_done(cluster, touched)
    return [step for step, _ in compared]


async def until_done(cluster: Cluster, channels: Sequence[ChannelContract]) -> None:
    """What was asked for is known to the whole cluster only after a moment."""
    try:
        async with asyncio.timeout(VISIBLE_SECONDS):
            while any(step.action in DOING for step, _ in await compare_all(cluster, channels)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        names = ", ".join(channel.address for channel in channels)
        raise TransportError(f"Kafka: {names} asked for, and not to be seen yet: run it again") from error


async def compare_all(
    cluster: Cluster, channels: Sequence[ChannelContract]
) -> list[tuple[ProvisionStep, Existing | None]]:
    topics = await cluster.look() if channels else {}
    return [await compare(cluster, channel, topics) for channel in channels]


async def compare(
    cluster: Cluster, channel: ChannelContract, topics: Mapping[str, int]
) -> tuple[ProvisionStep, Existing | None]:
    what = f"topic {channel.address}"
    if problem := check_name(channel.address):
        return ProvisionStep("conflict", what, problem), None
    if "{" in channel.address:
        return family_step(channel, topics_of(channel.address, topics)), None
    if channel.address not in topics:
        return ProvisionStep("create", what, f"{channel.partitions} partition(s)"), None
    existing = Existing(topics[channel.address], await retention_of(cluster, channel.address))
    return topic_step(channel, existing, grow=cluster.options.grow_partitions), existing


def family_step(channel: ChannelContract, found: Mapping[str, int]) -> ProvisionStep:
    """An address with parameters is as many topics as its parameters have values, which only people know."""
    what = f"topics {channel.address}"
    few = sorted(topic for topic, count in found.items() if count < channel.partitions)
    if few:
        return ProvisionStep("conflict", what, f"{channel.partitions} partitions wanted, fewer in {', '.join(few)}")
    if found:
        return ProvisionStep("exists", what, ", ".join(sorted(found)))
    return ProvisionStep("conflict", what, f"create one for each value, with {channel.partitions} partition(s)")


def topic_step(wanted: ChannelContract, existing: Existing, *, grow: bool) -> ProvisionStep:
    what = f"topic {wanted.address}"
    if existing.partitions < wanted.partitions:
        detail = (
            f"from {existing.partitions} to {wanted.partitions} partitions: keys move, so let consumers catch up first"
        )
        told = "" if grow else ", then set EDA_KAFKA_GROW_PARTITIONS=1"
        return ProvisionStep("change" if grow else "conflict", what, detail + told)
    if existing.keeps_too_little(wanted.retention):
        return ProvisionStep("change", what, f"retention becomes {spoken(wanted.retention)}")
    more = f", more than the {wanted.partitions} wanted" if existing.partitions > wanted.partitions else ""
    longer = "" if existing.retention is None else kept_longer(existing.retention, wanted.retention)
    return ProvisionStep("exists", what, f"{existing.partitions} partition(s){more}{longer}")


async def carry_out(cluster: Cluster, channel: ChannelContract, step: ProvisionStep, existing: Existing | None) -> None:
    kept = written(channel.retention)
    if step.action == "create":
        topic = NewTopic(channel.address, channel.partitions, cluster.options.replicas, config={RETENTION: kept})
        try:
            await each_of(cluster.admin.create_topics([topic], request_timeout=REQUEST_SECONDS))
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another service was quicker
                raise
    elif step.action == "change" and existing:
        if existing.partitions < channel.partitions:
            more = [NewPartitions(channel.address, channel.partitions)]
            await each_of(cluster.admin.create_partitions(more, request_timeout=REQUEST_SECONDS))
        if existing.keeps_too_little(channel.retention):
            entry = ConfigEntry(RETENTION, kept, incremental_operation=AlterConfigOpType.SET)
            resource = ConfigResource(ResourceType.TOPIC, channel.address, incremental_configs=[entry])
            await each_of(cluster.admin.incremental_alter_configs([resource], request_timeout=REQUEST_SECONDS))


async def retention_of(cluster: Cluster, topic: str) -> timedelta | None:
    asked = cluster.admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)], request_timeout=REQUEST_SECONDS)
    try:
        (config,) = await each_of(asked)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise
        return None
    entry = config.get(RETENTION)
    return read(int(entry.value)) if entry is not None and entry.value is not None else None


async def each_of(answers: Mapping[Any, Future[Any]]) -> Sequence[Any]:
    """What the admin client's futures give, which it does not type."""
    return await asyncio.gather(*(asyncio.wrap_future(future) for future in answers.values()))


def read(retention: int) -> timedelta:
    """What `retention.ms` says, which may be more than a `timedelta` can."""
    return FOREVER if retention == UNLIMITED else timedelta(milliseconds=min(retention, milliseconds(FOREVER)))


def written(retention: timedelta) -> str:
    return str(UNLIMITED if retention >= FOREVER else milliseconds(retention))


def milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
