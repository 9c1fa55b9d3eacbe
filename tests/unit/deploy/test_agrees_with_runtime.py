"""What the deployment files create is what `eda provision` would, for all services of a workspace together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.generated import generate, importable

from eda_gen.config import Config
from eda_gen.emit.deploy import derive
from eda_gen.emit.deploy.topology import Topic
from eda_gen.emit.python.package import package_name
from eda_gen.model import Catalog
from eda_gen.passes import compile_workspace
from eda_runtime.naming import Naming
from eda_runtime.transports.addresses import all_channels
from eda_runtime.transports.amqp.layout import exchanges_of, queues_of

EXAMPLES = ("shop", "travel")
WRITTEN = ("exchanges", "queues")
BINDING = ("source", "destination", "routing_key")
ON_RABBITMQ = """
asyncapi: 3.0.0
info: {title: Meters, version: 1.0.0}
channels:
  alarms:
    address: energy.alarms
    bindings: {amqp: {is: routingKey, exchange: {name: alarms, type: TYPE, durable: false, autoDelete: true}}}
    messages: {AlarmRaised: {payload: {type: object}}}
    x-eda: {partitions: 3}
  work:
    address: energy.work
    bindings: {amqp: {is: queue, queue: {name: QUEUE, durable: false, autoDelete: true}}}
    messages: {ReadMeter: {payload: {type: object}}}
    x-eda: {partitions: 2, ordering: ORDERING}
operations:
  raiseAlarm: {action: send, channel: {$ref: '#/channels/alarms'}}
  onAlarm: {action: receive, channel: {$ref: '#/channels/alarms'}, x-eda: {group: pagers}}
  onWork: {action: receive, channel: {$ref: '#/channels/work'}, x-eda: {group: readers}}
"""
ANOTHER = "  onWorkToo: {action: receive, channel: {$ref: '#/channels/work'}, x-eda: {group: others}}\n"


def compiled(example: str) -> Catalog:
    found = sorted(Path("specs", example).glob("*.yaml"))
    result = compile_workspace([path for path in found if path.read_text("utf-8").startswith("asyncapi:")], Config())
    assert result.value is not None, result.diagnostics
    return result.value


def created(catalog: Catalog) -> list[Topic]:
    topologies = [derive(catalog, service).value for service in catalog.services]
    return [topic for each in topologies if each is not None for topic in (*each.owns, *each.dead_letters)]


def provisioned(example: str, catalog: Catalog) -> dict[str, tuple[int, timedelta]]:
    packages = [package_name(service.name) for service in catalog.services]
    topologies = [import_module(f"examples.{example}.{package}.channels").TOPOLOGY for package in packages]
    channels = [channel for each in topologies for channel in all_channels(each)]
    return {each.address: (each.partitions, each.retention) for each in channels}


@pytest.mark.parametrize("example", [name for name in EXAMPLES if Path("examples", name).is_dir()])
def test_deployment_files_create_what_the_runtime_would(example: str) -> None:
    catalog = compiled(example)

    topics = {each.address: (each.partitions, each.retention) for each in created(catalog)}

    assert topics == provisioned(example, catalog)


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_is_created_twice(example: str) -> None:
    addresses = [each.address for each in created(compiled(example))]

    assert len(set(addresses)) == len(addresses) > 0


@pytest.mark.parametrize("kind", ["direct", "topic", "fanout", "headers"])
@pytest.mark.parametrize("queue", ["meter-work", "readers"])
@pytest.mark.parametrize("another", ["", ANOTHER])
@pytest.mark.parametrize("ordering", ["key", "none"])
def test_what_bindings_say_of_rabbitmq_holds_for_both(
    kind: str, queue: str, another: str, ordering: str, tmp_path: Path
) -> None:
    spec = ON_RABBITMQ.replace("TYPE", kind).replace("QUEUE", queue) + another
    (tmp_path / "meters.yaml").write_text(spec.replace("ORDERING", ordering))
    with importable(tmp_path) as package:
        targets = ("--target", "python", "--target", "deploy-amqp")
        assert generate(package.folder, tmp_path / "meters.yaml", *targets) == 0
        stated = package.module("meters.channels").TOPOLOGY
        topology = Naming.of("amqp://broker", stated).topology(stated)
        written = [json.loads((package.folder / "meters-amqp" / f"{name}.json").read_text()) for name in WRITTEN]

    exchanges = {each.name: (each.type, each.internal) for each in exchanges_of(topology)}
    queues = {each.name: dict(each.arguments) for each in queues_of(topology)}
    bindings = {(each.exchange, each.name, key) for each in queues_of(topology) for key in each.keys}

    assert {each["name"]: (each["type"], each["internal"]) for each in all_of(written, "exchanges")} == exchanges
    assert {each["name"]: each["arguments"] for each in all_of(written, "queues")} == queues
    assert {tuple(each[name] for name in BINDING) for each in all_of(written, "bindings")} == bindings
    assert all(each["durable"] and not each["auto_delete"] for each in all_of(written, "queues"))


def all_of(files: list[Mapping[str, list[dict[str, Any]]]], kind: str) -> list[dict[str, Any]]:
    return [each for file in files for each in file.get(kind, ())]
