"""Creates the channels and groups of a topology in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import all_channels, normal_address
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.database import Connection, Database
from eda_runtime.transports.log.messages import microseconds
from eda_runtime.transports.retention import kept_longer, spoken

__all__ = ["provision"]


@dataclass(frozen=True, slots=True)
class Existing:
    """What the log has: partitions and retention by address, and the groups that read each address."""

    channels: Mapping[str, tuple[int, timedelta]]
    groups: frozenset[tuple[str, str]]


async def provision(database: Database, topology: Topology, *, dry_run: bool) -> list[ProvisionStep]:
    """Compare, then create or grow. A channel never gets fewer partitions, and never keeps its messages for shorter."""
    existing = await look(database)
    channels = list(all_channels(topology))
    groups = sorted({(normal_address(receive.channel.address), receive.group) for receive in topology.receives})
    steps = [channel_step(channel, existing.channels.get(normal_address(channel.address))) for channel in channels]
    steps += [group_step(address, group, existing) for address, group in groups]
    if not dry_run and any(step.action != "exists" for step in steps):
        await database.create_schema()
        async with database.writing() as connection:
            for channel in channels:
                await create_channel(connection, channel)
            for address, group in groups:
                await connection.execute(sql.CREATE_CURSORS, address, group)
    return steps


async def look(database: Database) -> Existing:
    if not await database.has_schema():
        return Existing({}, frozenset())
    async with database.reading() as connection:
        channels = await connection.fetch(sql.CHANNELS)
        groups = await connection.fetch(sql.GROUPS)
    return Existing(
        channels={
            address: (partitions, timedelta(microseconds=retention)) for _, address, partitions, retention in channels
        },
        groups=frozenset((address, group) for address, group in groups),
    )


def channel_step(wanted: ChannelContract, existing: tuple[int, timedelta] | None) -> ProvisionStep:
    what = f"channel {wanted.address}"
    if existing is None:
        return ProvisionStep("create", what, f"{wanted.partitions} partition(s)")
    partitions, retention = existing
    if wanted.partitions > partitions:
        return ProvisionStep(
            "change",
            what,
            f"from {partitions} to {wanted.partitions} partitions: keys move, so let consumers catch up first",
        )
    if retention < wanted.retention:
        return ProvisionStep("change", what, f"retention becomes {spoken(wanted.retention)}")
    more = f", more than the {wanted.partitions} wanted" if partitions > wanted.partitions else ""
    longer = kept_longer(retention, wanted.retention)
    return ProvisionStep("exists", what, f"{partitions} partition(s){more}{longer}")


def group_step(address: str, group: str, existing: Existing) -> ProvisionStep:
    action = "exists" if (address, group) in existing.groups else "create"
    return ProvisionStep(action, f"group {group}", f"on {address}")


async def create_channel(connection: Connection, channel: ChannelContract) -> None:
    address = normal_address(channel.address)
    kept = microseconds(channel.retention)
    await connection.execute(sql.CREATE_CHANNEL, address, channel.partitions, kept)
    await connection.execute(sql.CHANGE_CHANNEL, address, channel.partitions, kept)
    await connection.execute_many(sql.CREATE_PARTITION, [(address, number) for number in range(channel.partitions)])
