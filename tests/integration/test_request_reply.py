"""One service asks another, over a broker: the reply goes to whoever asked, and says which request it answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.generated import Importable, generate, importable
from tests.services import nats, rabbitmq

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
SERVICES = ("prices", "till")
BROKERS = ("kafka", "ministack", "nats", "pubsub", "rabbitmq", "redis")
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
    tasks = [asyncio.create_task(app.run()) for app in apps]
    try:
        yield
    finally:
        for app in apps:
            app.stop()
        await asyncio.gather(*tasks)


async def prepare(packages: Importable, folder: Path, broker: str) -> None:
    """Create what both services need, as somebody who may."""
    for name, handlers in {"prices": Prices(packages), "till": Till()}.items():
        app = app_of(packages, name, handlers, folder, broker)
        async with app:
            await app.opened.store.migrate()
            await app.opened.transport.provision(app.topology)


async def exchange(packages: Importable, folder: Path, broker: str) -> None:
    await prepare(packages, folder, broker)
    await ask(packages, folder, dict.fromkeys(SERVICES, broker))


async def ask(packages: Importable, folder: Path, brokers: Mapping[str, str]) -> None:
    """Have the till ask for two prices; `brokers` is the URL by which each service knows the broker."""
    till = Till()
    prices_app = app_of(packages, "prices", Prices(packages), folder, brokers["prices"])
    till_app = app_of(packages, "till", till, folder, brokers["till"])
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


@pytest.fixture(params=["log", *(pytest.param(each, marks=pytest.mark.xdist_group(each)) for each in BROKERS)])
def broker_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "log":
        return f"sqlite:///{tmp_path / 'broker.db'}"
    return str(request.getfixturevalue(f"{request.param}_url"))


async def test_replies_find_their_requests(packages: Importable, tmp_path: Path, broker_url: str) -> None:
    await exchange(packages, tmp_path, broker_url)


async def test_the_generated_rights_are_enough_to_ask_and_to_answer_on_nats(
    packages: Importable, tmp_path: Path
) -> None:
    files = [deployed("nats", tmp_path) / f"{name}-nats" / "permissions.conf" for name in SERVICES]
    rights = "".join(file.read_text("utf-8") for file in files)
    users = "".join(f"{{user: {name}, password: x, permissions: ${name}_permissions}}, " for name in SERVICES)
    accounts = f"accounts {{ EDA {{ jetstream: enabled, users: [{users}{{user: admin, password: x}}] }} }}"

    with nats.own_server(more=rights + accounts) as server:
        place = server.url.removeprefix("nats://")
        await prepare(packages, tmp_path, f"nats://admin:x@{place}")
        await ask(packages, tmp_path, {name: f"nats://{name}:x@{place}" for name in SERVICES})


@pytest.mark.xdist_group("rabbitmq")
async def test_the_generated_rights_are_enough_to_ask_and_to_answer_on_rabbitmq(
    packages: Importable, tmp_path: Path, rabbitmq_server: str
) -> None:
    server, place = rabbitmq.api_of(rabbitmq_server), urlsplit(rabbitmq_server)
    rabbitmq.clear(place._replace(path="/%2F").geturl())
    await prepare(packages, tmp_path, f"amqp://guest:guest@{place.hostname}:{place.port}")
    for name in SERVICES:
        server.call(f"users/{name}", {"password": "x", "tags": ""}, "PUT")
        permissions = deployed("amqp", tmp_path) / f"{name}-amqp" / "permissions.json"
        server.call("definitions", json.loads(permissions.read_text("utf-8")), "POST")

    await ask(packages, tmp_path, {name: f"amqp://{name}:x@{place.hostname}:{place.port}" for name in SERVICES})


def deployed(broker: str, folder: Path) -> Path:
    """Where the deployment files of both services are."""
    specs = [folder / f"{name}.yaml" for name in SERVICES]
    assert generate(folder / "deploy", *specs, "--target", f"deploy-{broker}") == 0
    return folder / "deploy"
