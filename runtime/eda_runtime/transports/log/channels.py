"""The channels that a log has."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from eda_runtime.transports.addresses import AddressBook
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.database import Connection

__all__ = ["Channel", "read_channels"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as it is provisioned; `partitions` are their ids, by number."""

    id: int
    address: str
    partitions: tuple[int, ...]


async def read_channels(connection: Connection) -> AddressBook[Channel]:
    partitions: defaultdict[int, list[int]] = defaultdict(list)
    for channel, partition in await connection.fetch(sql.PARTITIONS):
        partitions[channel].append(partition)
    rows = await connection.fetch(sql.CHANNELS)
    return AddressBook({address: Channel(id, address, tuple(partitions[id])) for id, address, *_ in rows})
