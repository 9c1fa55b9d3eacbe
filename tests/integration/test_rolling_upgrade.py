"""Producers and consumers of two revisions of a spec, on the SQL log and on Apache Kafka, deployed in every order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any, Self

import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer
from tests.generated import Importable, generate, importable

from eda_gen.cli import cli
from eda_runtime import App, Settings
from eda_runtime.consumer.poller import Poller
from eda_runtime.relay import Relay

SPEC = """
asyncapi: 3.1.0
info: {title: Orders, version: 1.0.0, x-eda: {domain: sales}}
channels:
  orders:
    address: orders
    messages: {%s}
operations:
  sendOrder: {action: send, channel: {$ref: '#/channels/orders'}, messages: [NEWEST], x-eda: {service: orders, PUBLISHES}}
  onOrder: {action: receive, channel: {$ref: '#/channels/orders'}, messages: [NEWEST], x-eda: {service: billing}}
"""
V1 = (
    "v1: {name: OrderPlaced, x-eda: {version: 1}, "
    "payload: {type: object, required: [id, total], properties: {id: {type: string}, total: {type: integer}}}}"
)
ADDITIVE = (
    "v2: {name: OrderPlaced, x-eda: {version: 2}, payload: {type: object, required: [id, total], properties: "
    "{id: {type: string}, total: {type: integer}, currency: {type: string, default: EUR}}}}"
)
RENAMED = (
    "v2: {name: OrderPlaced, x-eda: {version: 2, upcast: {from: 1, map: {amount: {rename: total}}}}, payload: "
    "{type: object, required: [id, amount], properties: {id: {type: string}, amount: {type: integer}}}}"
)
BY_HAND = (
    "v2: {name: OrderPlaced, x-eda: {version: 2, upcast: {from: 1}}, payload: "
    "{type: object, required: [id, euros], properties: {id: {type: string}, euros: {type: string}}}}"
)
REVISIONS = {
    "first": [V1],
    "additive": [V1, ADDITIVE],
    "renamed": [V1, RENAMED],
    "by_hand": [V1, BY_HAND],
    "both": [V1, RENAMED],
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Importable]]:
    """The services of each revision."""
    base = tmp_path_factory.mktemp("revisions")
    with ExitStack() as open_ones:
        found = {name: open_ones.enter_context(importable(base)) for name in REVISIONS}
        for name, package in found.items():
            messages = REVISIONS[name]
            newest = f"{{$ref: '#/channels/orders/messages/v{len(messages)}'}}"
            spec = base / f"{name}.yaml"
            publishes = "publishes: [1, 2]" if name == "both" else "outbox: true"
            text = SPEC.replace("NEWEST", newest).replace("PUBLISHES", publishes)
            spec.write_text(text % ", ".join(messages), "utf-8")
            assert generate(package.folder, spec) == 0
        yield found


class Handlers:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def on_order(self, event: Any, ctx: object) -> None:
        self.seen.append(event)


class Upcasters:
    def upcast_order_placed_v1_to_v2(self, event: Any) -> Any:
        raise ArithmeticError(f"no rate for order {event.id}")


class Fleet:
    """One producer and one consumer, each of some revision at a time; their database is one SQLite file. Use it in
    `async with`: what was deployed once stays connected, as in a rolling upgrade where old and new ones run."""

    def __init__(self, packages: dict[str, Importable], folder: Path, broker_url: str = "") -> None:
        self._packages = packages
        self._settings = Settings(
            f"sqlite:///{folder / 'fleet.db'}", broker_url, lease=timedelta(seconds=1), grace=timedelta(seconds=5)
        )
        self._running = AsyncExitStack()
        self._apps: dict[tuple[str, str], App[Any]] = {}
        self._waiting = 0
        self.handlers = Handlers()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()

    async def produce(self, revision: str, **fields: object) -> None:
        app = await self._deployed("orders", revision)
        event = self._packages[revision].module("orders.events.order_placed").OrderPlaced(**fields)
        async with app.unit_of_work() as uow:
            uow.publish.order_placed(event)
        relay = Relay(app.opened)
        sent = await relay.drain()
        await relay.release()
        assert sent == (2 if revision == "both" else 1)
        self._waiting += sent

    async def consume(self, revision: str, most: int = 100) -> None:
        """Let a consumer join, handle what waits for it, `most` messages at most, and leave."""
        app, left = await self._deployed("billing", revision), min(most, self._waiting)
        (subscription,) = app.subscriptions
        async with asyncio.timeout(PATIENCE):
            receiver = await app.opened.transport.receiver(subscription.policy)
            while left:
                deliveries = await receiver.poll(left, 0.05)
                await Poller(app.opened, subscription).handle(receiver, deliveries)
                left, self._waiting = left - len(deliveries), self._waiting - len(deliveries)
            await receiver.close()

    async def dead_letters(self) -> Sequence[str]:
        app = await self._deployed("billing", "first")
        rows = await app.opened.store.fetch("SELECT reason FROM eda_parked WHERE dead_at IS NOT NULL")
        return [str(row[0]) for row in rows]

    async def _deployed(self, service: str, revision: str) -> App[Any]:
        if (service, revision) not in self._apps:
            create_app = self._packages[revision].module(f"{service}.app").create_app
            upcasters = (Upcasters(),) if (service, revision) == ("billing", "by_hand") else ()
            app: App[Any] = create_app(self.handlers, *upcasters, settings=self._settings)
            await self._running.enter_async_context(app)
            await app.opened.store.migrate()
            await app.opened.transport.provision(app.topology)
            self._apps[service, revision] = app
        return self._apps[service, revision]


PATIENCE = 30.0


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.xdist_group("kafka"))])
async def fleet(
    request: pytest.FixtureRequest, packages: dict[str, Importable], tmp_path: Path
) -> AsyncIterator[Fleet]:
    broker_url = "" if request.param == "sqlite" else str(request.getfixturevalue("kafka_url"))
    async with Fleet(packages, tmp_path, broker_url) as fleet:
        yield fleet


@pytest.fixture
async def fleet_on_sql(packages: dict[str, Importable], tmp_path: Path) -> AsyncIterator[Fleet]:
    async with Fleet(packages, tmp_path) as fleet:
        yield fleet


DEPLOYMENTS = sorted({*permutations(["producer", "consumer", "producer back", "consumer back"])})


@pytest.mark.parametrize("deployments", [d for d in DEPLOYMENTS if d.index("producer") < d.index("producer back")])
async def test_a_fully_compatible_version_is_deployed_and_taken_back_in_any_order(
    fleet: Fleet, deployments: tuple[str, ...]
) -> None:
    revisions = {"producer": "first", "consumer": "first"}

    await fleet.consume(revisions["consumer"])
    for number, step in enumerate(("nothing", *deployments)):
        await fleet.produce(revisions["producer"], id=f"before {step}", total=number)
        who = step.removesuffix(" back")
        if who in revisions:
            revisions[who] = "first" if step.endswith("back") else "additive"
        await fleet.produce(revisions["producer"], id=f"after {step}", total=number)
        await fleet.consume(revisions["consumer"])

    assert await fleet.dead_letters() == []
    assert [event.total for event in fleet.handlers.seen] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


@pytest.mark.xdist_group("kafka")
async def test_pushed_schemas_are_those_that_the_wire_format_sends_and_reads_by(
    packages: dict[str, Importable],
    tmp_path: Path,
    kafka_url: str,
    registry_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EDA_REGISTRY_URL", registry_url)
    monkeypatch.setenv("EDA_REGISTRY_NAMING", "topic-record")
    monkeypatch.setenv("EDA_KAFKA_WIRE_FORMAT", "confluent")
    pushed = CliRunner().invoke(cli, ["registry", "push", str(packages["renamed"].folder.parent / "renamed.yaml")])
    ids = [int(each) for each in re.findall(r"registered, id (\d+)", pushed.stdout)]

    async with Fleet(packages, tmp_path, kafka_url) as fleet:
        await fleet.consume("renamed")
        await fleet.produce("first", id="a", total=1)
        await fleet.produce("renamed", id="b", amount=2)
        await fleet.consume("renamed")
        dead_letters = await fleet.dead_letters()

    assert [(event.id, event.amount) for event in fleet.handlers.seen] == [("a", 1), ("b", 2)]
    assert dead_letters == []
    consumer = Consumer(
        {"bootstrap.servers": kafka_url.partition("//")[2], "group.id": "look", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["orders"])
    values = [record.value() or b"" for record in consumer.consume(2, 20)]
    consumer.close()
    assert [int.from_bytes(value[1:5]) for value in values] == ids


async def test_an_upgraded_consumer_takes_both_versions_as_the_newer_one(
    fleet: Fleet, packages: dict[str, Importable]
) -> None:
    await fleet.consume("renamed")
    await fleet.produce("first", id="a", total=1)
    await fleet.produce("renamed", id="b", amount=2)
    await fleet.consume("renamed")

    order = packages["renamed"].module("billing.events.order_placed").OrderPlacedV2
    assert sorted(fleet.handlers.seen, key=lambda event: str(event.id)) == [
        order(id="a", amount=1),
        order(id="b", amount=2),
    ]
    assert await fleet.dead_letters() == []


async def test_a_breaking_version_that_comes_too_early_is_a_dead_letter_that_says_what_broke(
    fleet: Fleet,
) -> None:
    await fleet.consume("first")
    await fleet.produce("renamed", id="b", amount=2)
    await fleet.consume("first")

    assert fleet.handlers.seen == []
    assert await fleet.dead_letters() == [
        "version 2 is newer than this service knows, and the payload does not fit sales.OrderPlaced.v1: "
        "total: Field required"
    ]


async def test_an_upcaster_that_fails_is_a_dead_letter_that_names_the_step(
    fleet_on_sql: Fleet,
) -> None:
    await fleet_on_sql.consume("by_hand")
    await fleet_on_sql.produce("first", id="a", total=1)
    await fleet_on_sql.consume("by_hand")

    assert await fleet_on_sql.dead_letters() == [
        "sales.OrderPlaced.v1 cannot be upcast from version 1 to 2: ArithmeticError: no rate for order a"
    ]


@pytest.mark.parametrize("consumers", ["first first", "renamed renamed", "first renamed", "renamed first"])
async def test_of_a_message_and_its_copy_every_consumer_applies_one(fleet_on_sql: Fleet, consumers: str) -> None:
    before, after = consumers.split()

    await fleet_on_sql.consume(before)
    await fleet_on_sql.produce("both", id="a", amount=1)
    await fleet_on_sql.consume(before)
    await fleet_on_sql.produce("both", id="b", amount=2)
    await fleet_on_sql.consume(after)

    assert [event.id for event in fleet_on_sql.handlers.seen] == ["a", "b"]
    assert await fleet_on_sql.dead_letters() == []


async def test_a_message_whose_copy_was_applied_before_the_upgrade_is_not_applied_again(
    fleet_on_sql: Fleet,
) -> None:
    await fleet_on_sql.consume("first")
    await fleet_on_sql.produce("both", id="a", amount=1)
    await fleet_on_sql.consume("first", most=1)
    await fleet_on_sql.consume("renamed")

    assert [type(event).__name__ for event in fleet_on_sql.handlers.seen] == ["OrderPlacedV1"]
    assert await fleet_on_sql.dead_letters() == []
