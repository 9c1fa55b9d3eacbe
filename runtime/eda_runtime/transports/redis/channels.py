"""The channels that a server has: partitions and retention of each, in one hash, as streams themselves say neither."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from eda_runtime.transports.redis.connection import answering
from eda_runtime.transports.redis.names import CHANNELS, stream_key

__all__ = ["Channel", "read_channels"]


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as it is provisioned; `address` is normal."""

    address: str
    partitions: int
    retention: timedelta

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(stream_key(self.address, number) for number in range(self.partitions))

    @property
    def document(self) -> str:
        return json.dumps({"partitions": self.partitions, "retention_ms": self.retention // timedelta(milliseconds=1)})


async def read_channels(client: Redis) -> dict[str, Channel]:
    async with answering("reading its channels"):
        found: Any = await client.hgetall(CHANNELS)
    channels: dict[str, Channel] = {}
    for name, document in found.items():
        told = json.loads(document)
        retention = timedelta(milliseconds=int(told["retention_ms"]))
        channels[name.decode()] = Channel(name.decode(), int(told["partitions"]), retention)
    return channels
