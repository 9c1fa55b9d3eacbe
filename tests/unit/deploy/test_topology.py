"""Who creates an address, and who may use it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from eda_gen.config import Config
from eda_gen.diagnostics import Result
from eda_gen.emit import load_target
from eda_gen.emit.deploy import Topology, derive
from eda_gen.emit.deploy.kafka.access import rights
from eda_gen.model import Catalog
from eda_gen.passes import compile_workspace

SHOP = ("orders", "inventory", "payments", "shipping")


def shop() -> Catalog:
    catalog = compile_workspace([Path("specs/shop", f"{name}.yaml") for name in SHOP], Config()).value
    assert catalog is not None
    return catalog


def workspace(folder: Path, documents: Mapping[str, object]) -> Catalog:
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")
    result = compile_workspace([folder / f"{name}.json" for name in documents], Config())
    assert result.value is not None, result.diagnostics
    return result.value


def document(title: str, channels: Mapping[str, object], operations: Mapping[str, object]) -> Mapping[str, object]:
    info = {"title": title, "version": "1"}
    return {"asyncapi": "3.1.0", "info": info, "channels": channels, "operations": operations}


def channel(address: str, **more: object) -> Mapping[str, object]:
    return {"address": address, "messages": {"Said": {"payload": {"type": "object"}}}, **more}


def operation(action: str, name: str, **extension: object) -> Mapping[str, object]:
    return {"action": action, "channel": {"$ref": f"#/channels/{name}"}, "x-eda": extension}


def derived(catalog: Catalog) -> dict[str, Topology]:
    found = {service.name: derive(catalog, service).value for service in catalog.services}
    return {name: topology for name, topology in found.items() if topology is not None}


def owned(catalog: Catalog) -> dict[str, list[str]]:
    return {name: [topic.address for topic in each.owns] for name, each in derived(catalog).items()}


def test_each_channel_of_the_shop_is_created_once_by_the_service_that_writes_it() -> None:
    assert owned(shop()) == {
        "orders": ["sales.orders"],
        "inventory": ["warehouse.requests", "warehouse.stock"],
        "payments": ["billing.requests", "billing.payments"],
        "shipping": ["logistics.requests", "logistics.shipments"],
    }


def test_of_two_documents_that_write_one_address_the_sender_creates_it(tmp_path: Path) -> None:
    reader = document("Reader", {"c": channel("talk")}, {"on": operation("receive", "c")})
    writer = document("Writer", {"d": channel("talk")}, {"say": operation("send", "d")})

    assert owned(workspace(tmp_path, {"reader": reader, "writer": writer})) == {"reader": [], "writer": ["talk"]}


def test_a_command_channel_belongs_to_the_service_that_takes_the_commands(tmp_path: Path) -> None:
    taker = document("Taker", {"c": channel("do.it")}, {"on": operation("receive", "c")})
    sender = document("Sender", {"c": {"$ref": "taker.json#/channels/c"}}, {"ask": operation("send", "c")})

    assert owned(workspace(tmp_path, {"sender": sender, "taker": taker})) == {"sender": [], "taker": ["do.it"]}


def test_an_address_of_listed_parameters_is_one_topic_a_value(tmp_path: Path) -> None:
    there = channel("rain.{region}", parameters={"region": {"enum": ["north", "south"]}})
    catalog = workspace(tmp_path, {"a": document("Rain", {"c": there}, {"say": operation("send", "c")})})

    assert owned(catalog) == {"rain": ["rain.north", "rain.south"]}


def test_one_address_of_dead_letters_for_two_services_is_refused(tmp_path: Path) -> None:
    dead = {"deadLetter": {"address": "the.dead"}}
    both = {
        name: document(name, {"c": channel(f"{name}.in")}, {"on": operation("receive", "c", **dead)})
        for name in ("one", "two")
    }
    catalog = workspace(tmp_path, both)

    results: list[Result[Topology]] = [derive(catalog, service) for service in catalog.services]

    assert results[0].ok
    assert [each.code for each in results[1].diagnostics] == ["EDA198"]


def asking(channel_of_replies: Mapping[str, object], **reply: object) -> Mapping[str, object]:
    """Who asks at an address that it shares with `answering`, and awaits the reply."""
    ask = {**operation("send", "c"), "reply": {"channel": {"$ref": "#/channels/told"}, **reply}}
    return document("Till", {"c": channel("prices"), "told": channel_of_replies}, {"ask": ask})


def answering(channel_of_replies: Mapping[str, object]) -> Mapping[str, object]:
    tell = {**operation("receive", "c"), "reply": {"channel": {"$ref": "#/channels/replies"}}}
    return document("Prices", {"c": channel("prices"), "replies": channel_of_replies}, {"tell": tell})


def sent(catalog: Catalog) -> dict[str, list[str]]:
    return {name: [topic.address for topic in each.sends] for name, each in derived(catalog).items()}


def open_channel() -> Mapping[str, object]:
    return {**channel(""), "address": None}


def test_who_answers_may_write_the_inbox_of_who_asks(tmp_path: Path) -> None:
    by_header = {"address": {"location": "$message.header#/replyTo"}}
    idle = document("Idle", {"c": channel("elsewhere"), "told": open_channel()}, {"say": operation("send", "c")})
    documents = {"prices": answering(open_channel()), "till": asking(open_channel(), **by_header), "idle": idle}

    catalog = workspace(tmp_path, documents)

    assert sent(catalog) == {"prices": ["till.told"], "till": ["prices"], "idle": ["elsewhere"]}
    assert ("topic", "till.told", ("Describe", "Write")) in {
        (each.type, each.name, each.operations) for each in rights(derived(catalog)["prices"])
    }


@pytest.mark.parametrize("broker", ["amqp", "eventbridge", "kafka", "nats", "pubsub"])
def test_every_broker_is_told_that_who_answers_may_write_the_inbox(broker: str, tmp_path: Path) -> None:
    catalog = workspace(tmp_path, {"prices": answering(open_channel()), "till": asking(open_channel())})
    prices = next(service for service in catalog.services if service.name == "prices")

    package = load_target(f"deploy-{broker}")(catalog, prices).value

    assert package is not None
    assert any(re.search(r"till\W+told", text) for text in package.files.values())


def test_who_answers_at_a_fixed_address_may_write_no_inbox(tmp_path: Path) -> None:
    catalog = workspace(tmp_path, {"prices": answering(channel("told")), "till": asking(open_channel())})

    assert sent(catalog)["prices"] == ["told"]


def test_a_service_may_write_what_it_sends_and_its_dead_letters_and_read_what_it_receives() -> None:
    granted = {(each.type, each.name): each.operations for each in rights(derived(shop())["shipping"])}

    assert granted == {
        ("topic", "logistics.shipments"): ("Describe", "Write"),
        ("topic", "logistics.requests"): ("Describe", "Read"),
        ("topic", "logistics.requests.shipping.onDispatchShipment.dlq"): ("Describe", "Write"),
        ("group", "shipping.onDispatchShipment"): ("Read",),
    }
