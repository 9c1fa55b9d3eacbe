"""What provisioning makes of a topology on EventBridge and SQS, and what it leaves as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.transports.eventbridge import attributes_of, clients_of, connected

from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.testing.conformance.kit import ADDRESS, CHANNEL, event, ids, policy, take, topology
from eda_runtime.transports.eventbridge import names, policies

pytestmark = pytest.mark.xdist_group("eventbridge")


async def test_provisioning_keeps_an_archive_longer_and_never_shorter(eventbridge_url: str) -> None:
    def keeping(days: int) -> Topology:
        return Topology((replace(CHANNEL, retention=timedelta(days=days)),))

    async with connected(eventbridge_url) as transport:
        steps = [(await transport.provision(keeping(days)))[1] for days in (7, 30, 7)]

    assert [step.action for step in steps] == ["create", "change", "exists"]
    assert steps[2].detail == "30 days"


async def test_provisioning_widens_a_rule_that_passes_some_types_only(eventbridge_url: str) -> None:
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        await transport.provision(topology())
        narrow = json.dumps({"detail-type": ["sales.OrderPlaced.v1"]})
        await clients.events.put_rule(Name="billing", EventBusName=ADDRESS, EventPattern=narrow)
        changed = [step.what for step in await transport.provision(topology()) if step.action == "change"]

        assert changed == [f"rule billing of {ADDRESS}"]
        assert {step.action for step in await transport.provision(topology())} == {"exists"}


@pytest.mark.parametrize("queue", ["billing", names.queue_name(policy().dead_letter.address)])
async def test_a_queue_that_was_left_without_its_policy_gets_it(eventbridge_url: str, queue: str) -> None:
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        await clients.sqs.create_queue(QueueName=queue)
        steps = {step.what.rpartition(" ")[2]: step.action for step in await transport.provision(topology())}
        again = await transport.provision(topology())
        await transport.publish([event("a", 0)])

        assert steps[queue] == "change"
        assert {step.action for step in again} == {"exists"}
        assert ids(await take(await transport.receiver(policy()), 1)) == ["a/0"]


async def test_a_policy_keeps_what_others_put_into_it(eventbridge_url: str) -> None:
    theirs = {"Sid": "Audit", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:GetQueueAttributes"}
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        url = (await clients.sqs.create_queue(QueueName="billing"))["QueueUrl"]
        arn = (await attributes_of(clients, "billing"))["QueueArn"]
        written = json.dumps({"Version": "2012-10-17", "Statement": theirs | {"Resource": arn}})
        await clients.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": written})
        await transport.provision(topology())
        policy = json.loads((await attributes_of(clients, "billing"))["Policy"])

    assert [each["Sid"] for each in policy["Statement"]] == ["OnlyEncrypted", "OurRules", "Audit"]


async def test_a_group_that_joins_a_dead_letter_queue_may_use_it_as_those_before(eventbridge_url: str) -> None:
    letters = policy("billing").dead_letter
    shared = Topology((CHANNEL,), (policy("billing"), replace(policy("shipping"), dead_letter=letters)))
    queue = names.queue_name(letters.address)
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        await transport.provision(topology())
        steps = {step.what: step.action for step in await transport.provision(shared)}
        again = [*await transport.provision(shared), *await transport.provision(topology())]
        found = await attributes_of(clients, queue)

    assert steps[f"dead letter queue {queue}"] == "change"
    assert {step.action for step in again} == {"exists"}
    assert all(f"rule/{ADDRESS}/{group}" in found["Policy"] for group in ("billing", "shipping"))
    if "RedriveAllowPolicy" in found:  # which moto takes and does not tell
        sources = json.loads(found["RedriveAllowPolicy"])["sourceQueueArns"]
        assert [each.rpartition(":")[2] for each in sources] == ["billing", "shipping"]


@pytest.mark.parametrize(
    ("there", "allowed", "becomes"),
    [
        ("", True, {"redrivePermission": "byQueue", "sourceQueueArns": ["q"]}),
        ('{"redrivePermission": "allowAll"}', True, {"redrivePermission": "allowAll"}),
        ('{"redrivePermission": "denyAll"}', False, {"redrivePermission": "byQueue", "sourceQueueArns": ["q"]}),
        (
            '{"redrivePermission": "byQueue", "sourceQueueArns": ["p"]}',
            False,
            {"redrivePermission": "byQueue", "sourceQueueArns": ["p", "q"]},
        ),
        (
            json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [f"p{number}" for number in range(10)]}),
            False,
            {"redrivePermission": "allowAll"},
        ),
    ],
)
def test_queues_that_may_give_up_to_a_dead_letter_queue_go_on_doing_so(
    there: str, allowed: bool, becomes: dict[str, object]
) -> None:
    assert policies.redrive_allowed(there, ["q"]) is allowed
    assert json.loads(policies.redrive_policy_of(["q"], there)) == becomes
    assert policies.redrive_allowed(json.dumps(becomes), ["q"])


async def test_an_address_with_parameters_and_no_bus_needs_a_person(eventbridge_url: str) -> None:
    family = Topology((ChannelContract("orders", "orders.{region}"),))
    async with connected(eventbridge_url) as transport, clients_of(eventbridge_url) as clients:
        (missing,) = await transport.provision(family)
        await clients.events.create_event_bus(Name="orders.eu")
        (found,) = await transport.provision(family)

    assert (missing.action, found.action, found.detail) == ("conflict", "exists", "orders.eu")
