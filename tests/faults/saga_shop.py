"""The shop for faults: services on Kafka topics and groups of one lane, and a coordinator that kills itself at a boundary."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from examples.shop.inventory import app as inventory
from examples.shop.inventory import channels as inventory_channels
from examples.shop.inventory.handlers import Handlers as Inventory
from examples.shop.orders import app as orders
from examples.shop.orders import channels as order_channels
from examples.shop.orders.fulfil_order import FulfilOrder
from examples.shop.orders.handlers import Handlers as Orders
from examples.shop.payments import app as payments
from examples.shop.payments import channels as payment_channels
from examples.shop.payments.handlers import Handlers as Payments
from examples.shop.shipping import app as shipping
from examples.shop.shipping import channels as shipping_channels
from examples.shop.shipping.handlers import Handlers as Shipping
from tests.faults.killing import run_until

from eda_runtime import App, ChannelContract, ReceivePolicy, Settings, Topology
from eda_runtime.broker import Broker
from eda_runtime.contracts import AnySubscription

__all__ = ["coordinator", "participants", "run_coordinator"]

Service = TypeVar("Service", bound=App[Any])
TOPOLOGIES = tuple(each.TOPOLOGY for each in (order_channels, inventory_channels, payment_channels, shipping_channels))


def coordinator(settings: Settings, lane: str) -> App[Any]:
    return in_lane(orders.create_app(Orders(), FulfilOrder(), settings), lane)


def participants(settings: Settings, lane: str) -> Sequence[App[Any]]:
    """The services that the saga sends its commands to."""
    services = (
        inventory.create_app(Inventory(), settings),
        payments.create_app(Payments(), settings),
        shipping.create_app(Shipping(), settings),
    )
    return [in_lane(service, lane) for service in services]


def in_lane(app: Service, lane: str) -> Service:
    """Let Kafka call all channels and groups by names of the lane, so that lanes do not meet.

    Each service knows the channels of all, since those that share a database send what is in its outbox for one another.
    """

    def names(own: str) -> Mapping[str, str]:
        return {"kafka": f"{lane}.{own}"}

    def channel(each: ChannelContract) -> ChannelContract:
        return replace(each, names=names(each.address))

    def policy(each: ReceivePolicy) -> ReceivePolicy:
        return replace(each, channel=channel(each.channel), names=names(each.group))

    def subscription(each: AnySubscription) -> AnySubscription:
        return replace(each, policy=policy(each.policy))

    everywhere = {each.address: channel(each) for topology in TOPOLOGIES for each in topology.channels}
    app.topology = Topology(tuple(everywhere.values()), tuple(map(policy, app.topology.receives)))
    app.subscriptions = tuple(map(subscription, app.subscriptions))
    return app


def run_coordinator(settings: Settings, lane: str, crash_at: int) -> None:
    """The body of a process that is killed at its boundary numbered `crash_at`."""
    logging.disable(logging.CRITICAL)
    asyncio.run(_coordinate(settings, lane, crash_at))


async def _coordinate(settings: Settings, lane: str, crash_at: int) -> None:
    app = coordinator(settings, lane)
    broker = Broker(settings, app.topology)
    await broker.connect()
    await run_until(crash_at, app, broker)
