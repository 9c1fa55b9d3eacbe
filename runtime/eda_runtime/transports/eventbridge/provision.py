"""Creates buses with archives, queues with dead letter queues, and the rules between. Never deletes, never shrinks.

Names and settings are those of the deployment files that `eda-gen generate --target deploy-eventbridge` writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import normal_address
from eda_runtime.transports.eventbridge.clients import Clients, aws_errors
from eda_runtime.transports.eventbridge.names import group_names, queue_name, queues_of
from eda_runtime.transports.eventbridge.resources import (
    Archive,
    Bus,
    DeadLetters,
    Family,
    GroupQueue,
    Reading,
    Resource,
    Rule,
)

__all__ = ["provision"]


async def provision(clients: Clients, topology: Topology, *, dry_run: bool) -> list[ProvisionStep]:
    steps: list[ProvisionStep] = []
    with aws_errors("provisioning"):
        for resource in resources(clients, topology):
            step = await resource.compare()
            steps.append(step)
            if step.action in ("create", "change") and not dry_run:
                await resource.carry_out()
    return steps


def resources(clients: Clients, topology: Topology) -> Iterator[Resource]:
    """In an order in which each needs only those before it."""
    for channel in channels(topology):
        if "{" in channel.address:
            yield Family(clients, channel.address)
        else:
            yield Bus(clients, channel.address)
            yield Archive(clients, channel.address, channel.retention)
    groups = readings(topology)
    for letters in dict.fromkeys(each.letters for each in groups):
        yield DeadLetters(clients, letters, [each for each in groups if each.letters == letters])
    for group in groups:
        yield GroupQueue(clients, group)
        if "{" not in group.policy.channel.address:
            yield Rule(clients, group)


def channels(topology: Topology) -> Sequence[ChannelContract]:
    """Each address once."""
    found: dict[str, ChannelContract] = {}
    for channel in (*topology.channels, *(each.channel for each in topology.receives)):
        found.setdefault(normal_address(channel.address), channel)
    return tuple(found.values())


def readings(topology: Topology) -> Sequence[Reading]:
    return [
        Reading(
            policy=policy,
            name=name,
            queue=queues_of(policy)[0] if len(queues_of(policy)) == 1 else queue_name(name),
            letters=queue_name(policy.dead_letter.address),
        )
        for policy, name in group_names(topology.receives)
    ]
