"""Which partition of which channel a message belongs to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from eda_runtime.transports.addresses import address_pattern, normal_address
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.database import Connection

__all__ = ["Channel", "Channels", "read_channels"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as it is provisioned; `partitions` are their ids, by number."""

    id: int
    address: str
    partitions: tuple[int, ...]


class Channels:
    """The channels of a log. An address that is no channel's own belongs to the first template that it matches."""

    def __init__(self, channels: tuple[Channel, ...] = ()) -> None:
        self._exact = {channel.address: channel for channel in channels}
        self._templates = [
            (address_pattern(channel.address), channel) for channel in channels if "{" in channel.address
        ]

    def find(self, address: str) -> Channel | None:
        found = self._exact.get(normal_address(address))
        if found is None:
            found = next((channel for matches, channel in self._templates if matches.fullmatch(address)), None)
        return found


async def read_channels(connection: Connection) -> Channels:
    """The channels that the log has now."""
    partitions: defaultdict[int, list[int]] = defaultdict(list)
    for channel, partition in await connection.fetch(sql.PARTITIONS):
        partitions[channel].append(partition)
    rows = await connection.fetch(sql.CHANNELS)
    return Channels(tuple(Channel(id, address, tuple(partitions[id])) for id, address, *_ in rows))
