"""Creates the streams and groups of a topology. Never deletes, never shrinks or shortens; adds partitions only where it is told to."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import all_channels, normal_address
from eda_runtime.transports.redis.channels import Channel, read_channels
from eda_runtime.transports.redis.connection import answering
from eda_runtime.transports.redis.names import CHANNELS
from eda_runtime.transports.redis.streams import groups_of
from eda_runtime.transports.retention import kept_longer, spoken

__all__ = ["provision"]

DOING = ("create", "change")


async def provision(client: Redis, topology: Topology, *, grow: bool, dry_run: bool) -> list[ProvisionStep]:
    there = await read_channels(client)
    steps: list[ProvisionStep] = []
    for wanted in all_channels(topology):
        existing = there.get(normal_address(wanted.address))
        step = channel_step(wanted, existing, grow=grow)
        steps.append(step)
        if step.action in DOING and not dry_run:
            kept = max(wanted.retention, existing.retention) if existing else wanted.retention
            channel = Channel(normal_address(wanted.address), wanted.partitions, kept)
            await create(client, channel)
            there[channel.address] = channel
    for address, group in sorted({(normal_address(each.channel.address), each.group) for each in topology.receives}):
        steps.append(await provide_group(client, there.get(address), address, group, dry_run=dry_run))
    return steps


def channel_step(wanted: ChannelContract, existing: Channel | None, *, grow: bool) -> ProvisionStep:
    what = f"channel {wanted.address}"
    if existing is None:
        return ProvisionStep("create", what, f"{wanted.partitions} partition(s)")
    if existing.partitions > wanted.partitions:
        detail = f"has {existing.partitions} partitions, {wanted.partitions} wanted: they cannot be taken away"
        return ProvisionStep("conflict", what, detail)
    if existing.partitions < wanted.partitions:
        detail = (
            f"from {existing.partitions} to {wanted.partitions} partitions: keys move, so let consumers catch up first"
        )
        told = "" if grow else ", then set EDA_REDIS_GROW_PARTITIONS=1"
        return ProvisionStep("change" if grow else "conflict", what, detail + told)
    if existing.retention < wanted.retention:
        return ProvisionStep("change", what, f"retention becomes {spoken(wanted.retention)}")
    longer = kept_longer(existing.retention, wanted.retention)
    return ProvisionStep("exists", what, f"{existing.partitions} partition(s){longer}")


async def create(client: Redis, channel: Channel) -> None:
    """The streams come with the groups that the channel has already, so that a new partition is read by all of them."""
    groups = await groups_of(client, channel.streams[0])
    async with answering(f"creating {channel.address}"):
        await client.hset(CHANNELS, channel.address, channel.document)
    for group in groups:
        await create_group(client, channel, group)


async def provide_group(
    client: Redis, channel: Channel | None, address: str, group: str, *, dry_run: bool
) -> ProvisionStep:
    missing = channel is None or any([group not in await groups_of(client, each) for each in channel.streams])
    if missing and channel and not dry_run:
        await create_group(client, channel, group)
    return ProvisionStep("create" if missing else "exists", f"group {group}", f"on {address}")


async def create_group(client: Redis, channel: Channel, group: str) -> None:
    """At the beginning of each stream, which is made if it is not there."""
    for stream in channel.streams:
        async with answering(f"creating {group} on {stream}"):
            try:
                await client.xgroup_create(stream, group, id="0", mkstream=True, entries_read=0)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
