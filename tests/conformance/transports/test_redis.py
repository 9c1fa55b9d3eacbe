"""The Redis transport passes the suite that every transport must pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance import Broker, TransportConformance
from eda_runtime.transports import Transport
from eda_runtime.transports.partitions import partition_number
from eda_runtime.transports.redis.names import stream_key
from eda_runtime.transports.registry import open_transport

LEASE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RedisBroker:
    """A server at a URL."""

    url: str

    async def connect(self) -> Transport:
        return await open_transport(self.url, Settings(broker_url=self.url, lease=LEASE))

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        async with Redis.from_url(self.url) as client:
            fields: dict[Any, Any] = {**headers, "data": body}
            await client.xadd(stream_key(address, partition_number(key, 4)), fields)


@pytest.mark.xdist_group("redis")
class TestRedis(TransportConformance):
    @pytest.fixture
    def broker(self, redis_url: str) -> Broker:
        return RedisBroker(redis_url)
