"""Creates the channels and groups of a topology in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import all_channels, normal_address
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.database import Connection, Database
from eda_runtime.transports.log.messages import microseconds

__all__ = ["provision"]


@dataclass(frozen=True, slots=True)
class Existing:
    """What the log has: partitions and retention by address, and the groups that read each address."""

    channels: Mapping[str, tuple[int, int]]
    groups: frozenset[tuple[str, str]]


async def provision(database: Database, topology: Topology, *, dry_run: bool) -> list[ProvisionStep]:
    """Compare, then create or grow. A channel never gets fewer partitions."""
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
        channels={address: (partitions, retention) for _, address, partitions, retention in channels},
        groups=frozenset((address, group) for address, group in groups),
    )


def channel_step(wanted: ChannelContract, existing: tuple[int, int] | None) -> ProvisionStep:
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
    if microseconds(wanted.retention) != retention:
        return ProvisionStep("change", what, f"retention becomes {wanted.retention}")
    more = f", more than the {wanted.partitions} wanted" if partitions > wanted.partitions else ""
    return ProvisionStep("exists", what, f"{partitions} partition(s){more}")


def group_step(address: str, group: str, existing: Existing) -> ProvisionStep:
    action = "exists" if (address, group) in existing.groups else "create"
    return ProvisionStep(action, f"group {group}", f"on {address}")


async def create_channel(connection: Connection, channel: ChannelContract) -> None:
    address = normal_address(channel.address)
    kept = microseconds(channel.retention)
    await connection.execute(sql.CREATE_CHANNEL, address, channel.partitions, kept)
    await connection.execute(sql.CHANGE_CHANNEL, address, channel.partitions, kept)
    await connection.execute_many(sql.CREATE_PARTITION, [(address, number) for number in range(channel.partitions)])
