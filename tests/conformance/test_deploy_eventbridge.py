"""What CloudFormation would create for the shop is what `eda provision` creates: the same names and settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from cfnlint.decode import decode_str
from tests.conformance.deploy_cases import generated

from eda_runtime.settings import Settings
from eda_runtime.transports.eventbridge import EventBridgeOptions
from eda_runtime.transports.eventbridge.clients import Clients
from eda_runtime.transports.eventbridge.provision import provision

SERVICES = ("orders", "inventory", "payments", "shipping")
QUEUE_SETTINGS = ("MessageRetentionPeriod", "VisibilityTimeout", "ReceiveMessageWaitTimeSeconds")
Things: TypeAlias = dict[str, object]
"""What there is, by kind and name."""


@pytest.mark.xdist_group("eventbridge")
async def test_the_runtime_provisions_what_cloudformation_would(eventbridge_url: str, tmp_path: Path) -> None:
    files = generated("shop", "deploy-eventbridge", tmp_path)
    wanted: Things = {}
    for text in (text for path, text in files.items() if path.endswith(".yaml")):
        template, problems = decode_str(text)
        assert template is not None, problems
        wanted |= dict(declared(template["Resources"]))

    clients = await Clients.connect(EventBridgeOptions.read(eventbridge_url, Settings()))
    try:
        for service in SERVICES:
            topology = import_module(f"examples.shop.{service}.channels").TOPOLOGY
            await provision(clients, topology, dry_run=False)
        assert await existing(clients) == wanted
    finally:
        await clients.close()


def declared(resources: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """What a template declares, with references followed."""
    names = {id_: each["Properties"].get("QueueName") for id_, each in resources.items()}

    def queue_of(reference: Mapping[str, Any]) -> str:
        return str(names[reference["Fn::GetAtt"][0]])

    for each in resources.values():
        kind, properties = each["Type"].rpartition("::")[2], each["Properties"]
        if kind == "EventBus":
            yield f"bus {properties['Name']}", None
        elif kind == "Archive":
            yield f"archive {properties['ArchiveName']}", properties["RetentionDays"]
        elif kind == "Queue":
            redrive = properties.get("RedrivePolicy")
            letters = (queue_of(redrive["deadLetterTargetArn"]), redrive["maxReceiveCount"]) if redrive else None
            stated = {name: int(properties[name]) for name in QUEUE_SETTINGS if name in properties}
            yield f"queue {properties['QueueName']}", (stated, letters)
        elif kind == "Rule":
            (target,) = properties["Targets"]
            bus = properties["EventBusName"]
            bus = resources[bus["Ref"]]["Properties"]["Name"] if isinstance(bus, dict) else bus
            ends = (queue_of(target["Arn"]), queue_of(target["DeadLetterConfig"]["Arn"]))
            yield f"rule {properties['Name']} of {bus}", (properties["EventPattern"], ends)


async def existing(clients: Clients) -> Things:
    """What the server has, as `declared` says it."""
    found: Things = {}
    buses = [bus.get("Name", "") for bus in (await clients.events.list_event_buses())["EventBuses"]]
    for bus in buses:
        found |= {f"bus {bus}": None} if bus != "default" else {}
        rules = (await clients.events.list_rules(EventBusName=bus))["Rules"]
        for rule in (each for each in rules if "ManagedBy" not in each):  # AWS keeps a rule of its own for each archive
            name = rule.get("Name", "")
            (target,) = (await clients.events.list_targets_by_rule(Rule=name, EventBusName=bus))["Targets"]
            ends = (last(target["Arn"]), last(target.get("DeadLetterConfig", {}).get("Arn", "")))
            found[f"rule {name} of {bus}"] = (json.loads(rule.get("EventPattern", "")), ends)
    for archive in (await clients.events.list_archives())["Archives"]:
        found[f"archive {archive.get('ArchiveName')}"] = archive.get("RetentionDays")
    for url in (await clients.sqs.list_queues())["QueueUrls"]:
        answer = await clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        settings: Mapping[str, str] = {str(name): value for name, value in answer["Attributes"].items()}
        redrive = json.loads(settings.get("RedrivePolicy", "null"))
        letters = (last(redrive["deadLetterTargetArn"]), redrive["maxReceiveCount"]) if redrive else None
        names = QUEUE_SETTINGS if redrive else QUEUE_SETTINGS[:1]
        found[f"queue {url.rpartition('/')[2]}"] = ({name: int(settings[name]) for name in names}, letters)
    return found


def last(arn: str) -> str:
    return arn.rpartition(":")[2]
