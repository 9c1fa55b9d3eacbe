"""One service asks another, over a broker: the reply goes to whoever asked, and says which request it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.generated import Importable, generate, importable

from eda_runtime import App, Settings

PRICES = """
asyncapi: 3.0.0
info: {title: Prices, version: 1.0.0}
channels:
  requests: {address: prices.requests, messages: {PriceAsked: {$ref: '#/components/messages/PriceAsked'}}}
  replies: {address: null, messages: {PriceTold: {$ref: '#/components/messages/PriceTold'}}}
operations:
  tellPrice:
    action: receive
    channel: {$ref: '#/channels/requests'}
    reply: {address: {location: $message.header#/replyTo}, channel: {$ref: '#/channels/replies'}}
components:
  messages:
    PriceAsked: {payload: {type: object, required: [sku], properties: {sku: {type: string}}}}
    PriceTold: {payload: {type: object, required: [cents], properties: {cents: {type: integer}}}}
"""
TILL = """
asyncapi: 3.0.0
info: {title: Till, version: 1.0.0}
channels:
  requests: {$ref: 'prices.yaml#/channels/requests'}
  told: {address: null, messages: {PriceTold: {$ref: 'prices.yaml#/components/messages/PriceTold'}}}
operations:
  askPrice:
    action: send
    channel: {$ref: '#/channels/requests'}
    reply: {address: {location: $message.header#/replyTo}, channel: {$ref: '#/channels/told'}}
"""
WAIT_SECONDS = 30


class Prices:
    def __init__(self, package: Importable) -> None:
        self._told = package.module("prices.events.price_told").PriceToldV1

    async def tell_price(self, event: Any, ctx: Any) -> None:
        ctx.publish.price_told(self._told(cents=len(event.sku)))


class Till:
    """Keeps each answer by the request that it answers."""

    def __init__(self) -> None:
        self.answers: dict[str, int] = {}

    async def ask_price_reply(self, event: Any, ctx: Any) -> None:
        self.answers[ctx.envelope.correlationid] = event.cents


@pytest.fixture
def packages(tmp_path: Path) -> Iterator[Importable]:
    for name, text in {"prices.yaml": PRICES, "till.yaml": TILL}.items():
        (tmp_path / name).write_text(text)
    with importable(tmp_path) as package:
        assert generate(package.folder, tmp_path / "prices.yaml", tmp_path / "till.yaml") == 0
        yield package


@asynccontextmanager
async def running(*apps: App[Any]) -> AsyncIterator[None]:
    for app in apps:
        async with app:
            await app.opened.store.migrate()
            await app.opened.transport.provision(app.topology)
    tasks = [asyncio.create_task(app.run()) for app in apps]
    try:
        yield
    finally:
        for app in apps:
            app.stop()
        await asyncio.gather(*tasks)


async def exchange(packages: Importable, folder: Path, broker: str) -> None:
    till = Till()
    prices_app = app_of(packages, "prices", Prices(packages), folder, broker)
    till_app = app_of(packages, "till", till, folder, broker)
    asked = packages.module("till.events.price_asked").PriceAskedV1
    async with running(prices_app, till_app), till_app:
        async with till_app.unit_of_work() as work:
            expected = {work.publish.price_asked(asked(sku=sku)): len(sku) for sku in ("pot", "kettle")}
        await eventually(till, expected)


def app_of(packages: Importable, name: str, handlers: object, folder: Path, broker: str) -> App[Any]:
    settings = Settings(database_url=f"sqlite:///{folder / name}.db", broker_url=broker)
    app: App[Any] = packages.module(f"{name}.app").create_app(handlers, settings)
    return app


async def eventually(till: Till, expected: dict[str, int]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while till.answers != expected:  # noqa: ASYNC110  nothing else tells
            await asyncio.sleep(0.02)


async def test_replies_find_their_requests_on_the_log(packages: Importable, tmp_path: Path) -> None:
    await exchange(packages, tmp_path, f"sqlite:///{tmp_path / 'broker.db'}")


@pytest.mark.xdist_group("kafka")
async def test_replies_find_their_requests_on_kafka(packages: Importable, tmp_path: Path, kafka_url: str) -> None:
    await exchange(packages, tmp_path, kafka_url)


@pytest.mark.xdist_group("nats")
async def test_replies_find_their_requests_on_nats(packages: Importable, tmp_path: Path, nats_url: str) -> None:
    await exchange(packages, tmp_path, nats_url)


@pytest.mark.xdist_group("redis")
async def test_replies_find_their_requests_on_redis(packages: Importable, tmp_path: Path, redis_url: str) -> None:
    await exchange(packages, tmp_path, redis_url)


@pytest.mark.xdist_group("rabbitmq")
async def test_replies_find_their_requests_on_rabbitmq(packages: Importable, tmp_path: Path, rabbitmq_url: str) -> None:
    await exchange(packages, tmp_path, rabbitmq_url)


@pytest.mark.xdist_group("pubsub")
async def test_replies_find_their_requests_on_pubsub(packages: Importable, tmp_path: Path, pubsub_url: str) -> None:
    await exchange(packages, tmp_path, pubsub_url)


@pytest.mark.parametrize("eventbridge_server", ["ministack"], indirect=True)
@pytest.mark.xdist_group("eventbridge")
async def test_replies_find_their_requests_on_eventbridge(
    packages: Importable, tmp_path: Path, eventbridge_url: str
) -> None:
    await exchange(packages, tmp_path, eventbridge_url)
