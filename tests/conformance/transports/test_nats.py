"""The NATS transport passes the suite that every transport must pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import nats
import pytest

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance import Broker, TransportConformance
from eda_runtime.transports import Transport
from eda_runtime.transports.partitions import partition_number
from eda_runtime.transports.registry import open_transport

LEASE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class NatsBroker:
    """A server at a URL."""

    url: str

    async def connect(self) -> Transport:
        return await open_transport(self.url, Settings(broker_url=self.url, lease=LEASE))

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        async with await nats.connect(self.url) as client:
            await client.jetstream().publish(f"{address}.p{partition_number(key, 4)}", body, headers=dict(headers))


@pytest.mark.xdist_group("nats")
class TestNats(TransportConformance):
    @pytest.fixture
    def broker(self, nats_url: str) -> Broker:
        return NatsBroker(nats_url)
