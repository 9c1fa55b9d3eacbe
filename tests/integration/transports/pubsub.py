"""Connections to Pub/Sub for tests, and looks at subscriptions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from google.pubsub_v1.types import Subscription
from tests.services import pubsub

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import topology
from eda_runtime.transports.pubsub import PubsubOptions, PubsubTransport
from eda_runtime.transports.pubsub.transport import connect


@asynccontextmanager
async def connected(url: str, **environment: str) -> AsyncIterator[PubsubTransport]:
    settings = Settings(broker_url=url, lease=timedelta(seconds=1))
    transport = await connect(PubsubOptions.read(url, settings, environment))
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def provisioned(url: str) -> AsyncIterator[PubsubTransport]:
    async with connected(url) as transport:
        await transport.provision(topology())
        yield transport


def options(url: str, **environment: str) -> PubsubOptions:
    return PubsubOptions.read(url, Settings(broker_url=url), environment)


def subscription(url: str, name: str) -> Subscription:
    with pubsub.clients(url) as (_, subscriber):
        return subscriber.get_subscription(subscription=f"projects/{pubsub.PROJECT}/subscriptions/{name}")
