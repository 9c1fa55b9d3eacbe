"""RabbitMQ imports the generated definitions, and then has exactly what the runtime needs and allows each service what it does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit

import pytest
from tests.conformance.deploy_cases import CASES, generated
from tests.services import rabbitmq
from tests.services.rabbitmq import Api

from eda_runtime.contracts import Topology
from eda_runtime.errors import TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import event, take
from eda_runtime.transports import Outgoing, Transport
from eda_runtime.transports.registry import open_transport

pytestmark = pytest.mark.xdist_group("rabbitmq")
ORDER = ("exchanges.json", "queues.json", "permissions.json")
VHOSTS = ("/", "energy")


@pytest.fixture
def server(rabbitmq_server: str) -> Api:
    """The management API of a server without any exchange or queue."""
    for vhost in VHOSTS:
        rabbitmq.clear(urlsplit(rabbitmq_server)._replace(path=f"/{quote(vhost, safe='')}").geturl())
    return rabbitmq.api_of(rabbitmq_server)


def load(server: Api, files: Mapping[str, str]) -> None:
    """As `amqp/package.py` says: one kind of file of all services, then the next; users are there before."""
    there = server.call("users")
    assert isinstance(there, list)
    for user in {str(each["user"]) for each in entries(files, "permissions")} - {each["name"] for each in there}:
        server.call(f"users/{quote(user, safe='')}", {"password": "x", "tags": "management"}, "PUT")
    for name in ORDER:
        for path, text in files.items():
            if path.endswith(name):
                server.call("definitions", json.loads(text), "POST")


async def connect(url: str, user: str) -> Transport:
    """To the default virtual host, whose predecessor's end may still reach who connects to it."""
    settings = Settings(broker_url=f"amqp://{user}@127.0.0.1:{urlsplit(url).port}", lease=timedelta(seconds=1))
    for _ in range(3):
        with suppress(TransportError):
            return await open_transport(settings.broker_url, settings)
    return await open_transport(settings.broker_url, settings)


def topology_of(service: str) -> Topology:
    found = import_module(f"examples.shop.{service}.channels").TOPOLOGY
    assert isinstance(found, Topology)
    return found


def entries(files: Mapping[str, str], kind: str) -> list[dict[str, object]]:
    return [each for text in files.values() for each in json.loads(text).get(kind, ())]


@pytest.mark.parametrize("case", CASES)
def test_the_server_imports_all_definitions(case: str, server: Api, tmp_path: Path) -> None:
    files = generated(case, "deploy-amqp", tmp_path)

    load(server, files)

    for kind in ("exchanges", "queues"):
        there = server.call(kind)
        assert isinstance(there, list)
        found = {(each["vhost"], each["name"]) for each in there}
        wanted = {(each["vhost"], each["name"]) for each in entries(files, kind)}
        assert wanted
        assert wanted <= found


def test_definitions_imported_again_change_nothing(server: Api, tmp_path: Path) -> None:
    files = generated("shop", "deploy-amqp", tmp_path)
    load(server, files)
    before = server.call("definitions")

    load(server, files)

    assert server.call("definitions") == before


def test_what_a_service_sends_reaches_a_queue_and_what_others_send_is_refused(server: Api, tmp_path: Path) -> None:
    load(server, generated("shop", "deploy-amqp", tmp_path))
    message = {"properties": {}, "routing_key": "p2", "payload": "hello", "payload_encoding": "string"}
    orders = replace(server, user="orders:x")

    sent = orders.call("exchanges/%2F/sales.orders/publish", message, "POST")
    with pytest.raises(HTTPError):
        orders.call("exchanges/%2F/warehouse.stock/publish", message, "POST")

    assert sent == {"routed": True}


@pytest.mark.parametrize("service", ["orders", "inventory", "payments", "shipping"])
@pytest.mark.parametrize("user", ["guest:guest", "{service}:x"])
async def test_what_is_imported_is_what_the_runtime_needs(
    service: str, user: str, server: Api, rabbitmq_server: str, tmp_path: Path
) -> None:
    load(server, generated("shop", "deploy-amqp", tmp_path))
    transport = await connect(rabbitmq_server, user.format(service=service))

    steps = await transport.provision(topology_of(service), dry_run=True)
    await transport.close()

    assert steps
    assert [step for step in steps if step.action != "exists"] == []


async def test_the_rights_are_enough_to_send_to_receive_and_to_tell_the_lag(
    server: Api, rabbitmq_server: str, tmp_path: Path
) -> None:
    load(server, generated("shop", "deploy-amqp", tmp_path))
    inventory, orders = await connect(rabbitmq_server, "inventory:x"), await connect(rabbitmq_server, "orders:x")
    needed = topology_of("orders")
    receive = next(each for each in needed.receives if each.channel.address == "warehouse.stock")
    try:
        await inventory.provision(topology_of("inventory"), dry_run=True)
        await orders.provision(needed, dry_run=True)
        await inventory.publish([Outgoing(receive.channel.address, event("a", 0).envelope)])
        found = await take(await orders.receiver(receive), 1, acknowledge=False)
        await orders.publish([Outgoing(receive.dead_letter.address, event("a", 0).envelope)])
        lags = {lag.group: lag.messages for lag in await orders.lag(Topology((), (receive,)))}
    finally:
        await inventory.close()
        await orders.close()

    assert len(found) == 1
    assert lags == {receive.group: 1}
