"""The RabbitMQ transport passes the suite that every transport must pass, but for replay, which it does not claim: a queue keeps
nothing that is done with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import aio_pika
import pytest

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance import Broker, TransportConformance
from eda_runtime.transports import Transport
from eda_runtime.transports.partitions import partition_number
from eda_runtime.transports.registry import open_transport

LEASE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RabbitBroker:
    """A virtual host at a URL."""

    url: str

    async def connect(self) -> Transport:
        return await open_transport(self.url, Settings(broker_url=self.url, lease=LEASE))

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        async with await aio_pika.connect(self.url) as connection:
            channel = await connection.channel(on_return_raises=True)
            exchange = await channel.get_exchange(address)
            await exchange.publish(aio_pika.Message(body, headers=dict(headers)), f"p{partition_number(key, 4)}")


@pytest.mark.xdist_group("rabbitmq")
class TestRabbitMq(TransportConformance):
    @pytest.fixture
    def broker(self, rabbitmq_url: str) -> Broker:
        return RabbitBroker(rabbitmq_url)
