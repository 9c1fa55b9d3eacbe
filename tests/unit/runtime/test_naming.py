"""Names of the spec, and what a broker calls the same things."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eda_runtime import ChannelContract, DeadLetterPolicy, ReceivePolicy, Topology
from eda_runtime.naming import Naming
from eda_runtime.transports import Lag

ORDERS = ChannelContract("orders", "sales.orders", names={"kafka": "orders-v2", "amqp": "orders-exchange"})
POLICY = ReceivePolicy("onOrder", "stock.onOrder", ORDERS, DeadLetterPolicy("orders.dlq"), names={"nats": "stock"})
TOPOLOGY = Topology((ORDERS,), (POLICY,))


@pytest.mark.parametrize(
    ("url", "address", "group"),
    [
        ("kafka://b:9092", "orders-v2", "stock.onOrder"),
        ("amqps://b", "orders-exchange", "stock.onOrder"),
        ("nats://b", "sales.orders", "stock"),
        ("postgresql+asyncpg://b/shop", "sales.orders", "stock.onOrder"),
    ],
)
def test_each_broker_has_its_names(url: str, address: str, group: str) -> None:
    (policy,) = Naming.of(url, TOPOLOGY).topology(TOPOLOGY).receives

    assert (policy.channel.address, policy.group) == (address, group)


def test_lag_is_told_in_the_names_of_the_spec() -> None:
    naming = Naming.of("kafka://b", TOPOLOGY)

    (lag,) = naming.lags(TOPOLOGY, [Lag("orders-v2", "stock.onOrder", 3, timedelta(0))])

    assert lag.address == "sales.orders"
