"""What is particular to Pub/Sub: names and settings as Terraform has them, leases, limits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import hcl2
import pytest
from click.testing import CliRunner
from examples.shop.orders.channels import TOPOLOGY
from google.pubsub_v1.types import Subscription
from tests.integration.transports.pubsub import connected, options, provisioned, subscription
from tests.services import pubsub

from eda_gen.cli import cli
from eda_gen.emit.deploy.pubsub.view import pubsub_id
from eda_runtime.contracts import ChannelContract, DeadLetterPolicy, ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import ADDRESS, CHANNEL, event, ids, policy, rest, sent_ids, take, topology
from eda_runtime.transports import Outgoing
from eda_runtime.transports.pubsub import PubsubOptions
from eda_runtime.transports.pubsub.names import topic_id
from eda_runtime.transports.pubsub.provision import consumers, letters, rights_to_grant

pytestmark = pytest.mark.xdist_group("pubsub")

REPOSITORY = Path(__file__).parents[3]


async def test_a_missing_subscription_asks_for_provisioning(pubsub_url: str) -> None:
    async with connected(pubsub_url) as transport:
        with pytest.raises(
            ConfigurationError, match=rf"no subscription billing .*reads {ADDRESS}: run `eda provision`"
        ):
            await transport.receiver(policy())


async def test_a_subscription_deleted_under_a_worker_ends_its_polls(pubsub_url: str) -> None:
    async with provisioned(pubsub_url) as transport:
        receiver = await transport.receiver(policy())
        with pubsub.clients(pubsub_url) as (_, subscriber):
            subscriber.delete_subscription(subscription=f"projects/{pubsub.PROJECT}/subscriptions/billing")

        with pytest.raises(TransportError, match=r"subscription billing: .*run `eda provision`"):
            await receiver.poll(1, 10)


async def test_a_subscription_that_keeps_no_order_is_refused_and_needs_a_person(pubsub_url: str) -> None:
    unordered = replace(policy(), channel=replace(CHANNEL, ordered=False))
    async with connected(pubsub_url) as transport:
        await transport.provision(Topology((CHANNEL,), (unordered,)))

        with pytest.raises(ConfigurationError, match="billing does not keep the order of keys"):
            await transport.receiver(policy())
        steps = await transport.provision(topology())

    assert [(each.action, each.what) for each in steps if each.action != "exists"] == [
        ("conflict", f"subscription billing to {ADDRESS}")
    ]


async def test_provisioning_lengthens_a_retention_and_never_shortens_it(pubsub_url: str) -> None:
    def kept(days: int) -> Topology:
        return Topology((replace(CHANNEL, retention=timedelta(days=days)),))

    async with connected(pubsub_url) as transport:
        actions = [(await transport.provision(kept(days)))[0].action for days in (2, 5, 3, 5)]

    assert actions == ["create", "change", "exists", "exists"]


def test_a_dead_letter_policy_says_which_rights_it_needs() -> None:
    shop = PubsubOptions.read("pubsub://shop", Settings(), {})
    emulator = replace(shop, emulator=True)
    (reading,), (dead,) = consumers(shop, topology()), letters(shop, topology())

    assert rights_to_grant(shop, reading) == (
        "for its dead letter policy, grant service-PROJECT_NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
        f" roles/pubsub.publisher on the topic {ADDRESS}.billing.dlq and roles/pubsub.subscriber on this subscription"
    )
    assert (rights_to_grant(shop, dead), rights_to_grant(emulator, reading)) == ("", "")


async def test_a_new_subscription_says_which_rights_it_needs(pubsub_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(pubsub_url) as transport:
        monkeypatch.setattr("eda_runtime.transports.pubsub.provision.rights_to_grant", lambda _, wanted: wanted.name)
        first = [step.detail for step in await transport.provision(topology())]
        again = [step.detail for step in await transport.provision(topology())]

    assert any(detail.endswith("/subscriptions/billing") for detail in first)
    assert set(again) == {""}


async def test_several_operations_of_a_group_have_a_subscription_each(pubsub_url: str) -> None:
    returns = ChannelContract("returns", "sales.returns")
    second = replace(policy(), operation="onReturned", channel=returns)
    async with connected(pubsub_url) as transport:
        await transport.provision(Topology((CHANNEL, returns), (policy(), second)))
        await transport.publish([event("a", 0), Outgoing("sales.returns", event("a", 1).envelope)])

        found = [await take(await transport.receiver(each), 1) for each in (policy(), second)]

    assert [ids(each) for each in found] == [["a/0"], ["a/1"]]


def test_provisioning_makes_what_terraform_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    spec = "specs/shop/orders.yaml"
    others = [f"specs/shop/{name}.yaml" for name in ("inventory", "payments", "shipping")]
    arguments = ["generate", spec, *others, "--target", "deploy-pubsub", "--service", "orders", "--out", str(tmp_path)]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    (written,) = hcl2.loads((tmp_path / "orders-pubsub" / "pubsub.tf").read_text())["locals"]
    terraform = {
        name.strip('"'): {key: str(value).strip('"').lower() for key, value in each.items() if key != "backoff"}
        for name, each in written["subscriptions"].items()
        if not name.startswith("__")
    }

    wanted = list(consumers(options("pubsub://project"), TOPOLOGY))

    assert {each.name.rpartition("/")[2]: described(each) for each in wanted} == terraform
    assert {each.name.rpartition("/")[2] for each in letters(options("pubsub://project"), TOPOLOGY)} == {
        name.strip('"') for name in written["dead_letters"] if not name.startswith("__")
    }


def described(wanted: Subscription) -> dict[str, str]:
    """A subscription in the words of the Terraform file."""
    seconds = Subscription.pb(wanted).message_retention_duration.seconds
    return {
        "topic": wanted.topic.rpartition("/")[2].lower(),
        "ordered": str(wanted.enable_message_ordering).lower(),
        "ack_seconds": str(wanted.ack_deadline_seconds),
        "kept": f"{seconds}s",
        "attempts": str(wanted.dead_letter_policy.max_delivery_attempts),
        "dead_letters": wanted.dead_letter_policy.dead_letter_topic.rpartition("/")[2].lower(),
    }


@pytest.mark.parametrize("address", ["sales.orders", "Ünïcode", "go", "goog.events", "a" * 300, "7up", "", "a b/c"])
def test_the_runtime_and_the_generator_give_an_address_the_same_name(address: str) -> None:
    assert topic_id(address) == pubsub_id(address)


async def test_exactly_once_delivery_is_asked_for(pubsub_url: str) -> None:
    async with provisioned(pubsub_url):
        assert subscription(pubsub_url, "billing").enable_exactly_once_delivery


async def test_leases_are_extended_while_a_handler_works(pubsub_url: str) -> None:
    async with provisioned(pubsub_url) as transport, connected(pubsub_url) as other:
        messages = [event("a", number) for number in range(4)]
        await transport.publish(messages)
        slow, idle = await transport.receiver(policy()), await other.receiver(policy())
        found = await asyncio.gather(slow.poll(10, 1), idle.poll(10, 1))
        mine, worker = (found[0], slow) if found[0] else (found[1], idle)

        early = await asyncio.gather(*(each.poll(10, 2.5) for each in (slow, idle)))
        await worker.acknowledge(mine)
        late = await asyncio.gather(*(each.poll(10, 1.5) for each in (slow, idle)))

    assert ids(mine) == sent_ids(messages)
    assert [list(each) for each in (*early, *late)] == [[], [], [], []]


async def test_what_a_worker_gives_back_comes_before_what_was_published_since(pubsub_url: str) -> None:
    async with provisioned(pubsub_url) as transport, connected(pubsub_url) as other:
        messages = [event("a", number) for number in range(8)]
        await transport.publish(messages[:5])
        leaving = await transport.receiver(policy())
        found = await take(leaving, 3, acknowledge=False)
        await leaving.acknowledge(found[:1])
        await transport.publish(messages[5:])
        staying = await other.receiver(policy())

        await leaving.close()

        assert ids(await take(staying, 7)) == sent_ids(messages[1:])


async def test_what_is_released_comes_before_what_followed_it(pubsub_url: str) -> None:
    async with provisioned(pubsub_url) as transport:
        await transport.publish([event(key, number) for number in range(3) for key in "ab"])
        receiver = await transport.receiver(policy())
        found = await take(receiver, 6, acknowledge=False)
        of_a = [each for each in found if each.key == "a"]

        await receiver.release(of_a[1:2])
        again = await rest(receiver)

    assert ids(again) == ["a/1", "a/2"]


async def test_more_messages_than_a_request_may_hold_are_sent_in_order(pubsub_url: str) -> None:
    messages = [event("a", number) for number in range(1001)]
    async with provisioned(pubsub_url) as transport:
        await transport.publish(messages)
        found = await take(await transport.receiver(policy()), 1001)

    assert ids(found) == sent_ids(messages)


async def test_more_bytes_than_a_request_may_hold_are_sent_in_order(pubsub_url: str) -> None:
    messages = [event("a", number, b"x" * 4_000_000) for number in range(3)]
    async with provisioned(pubsub_url) as transport:
        await transport.publish(messages)
        found = await take(await transport.receiver(policy()), 3)

    assert ids(found) == sent_ids(messages)


async def test_an_attribute_longer_than_pubsub_allows_arrives_whole(pubsub_url: str) -> None:
    long = replace(event("a", 0).envelope, data=b'{"n":1}', extensions={"note": "ü" * 600})
    async with provisioned(pubsub_url) as transport:
        await transport.publish([Outgoing(ADDRESS, long)])
        (found,) = await take(await transport.receiver(policy()), 1)

    assert found.envelope == long


async def test_a_dead_letter_keeps_its_bytes_and_what_fits_of_its_story(pubsub_url: str) -> None:
    told = {"edareason": "r" * 2000, "edastack": "s" * 1000 + "t" * 1000, "edaattempts": "5"}
    letter = replace(event("a", 0).envelope, data=b"\xff\x00", extensions=told)
    async with provisioned(pubsub_url) as transport:
        await transport.publish([Outgoing(ADDRESS, letter)])
        (found,) = await take(await transport.receiver(policy()), 1)

    assert found.body == letter.data
    assert found.headers["ce-edareason"] == "r" * 1024
    assert found.headers["ce-edastack"] == "s" * 24 + "t" * 1000
    assert found.headers["ce-edaattempts"] == "5"


async def test_a_key_longer_than_pubsub_allows_keeps_its_order(pubsub_url: str) -> None:
    key = "k" * 2000
    messages = [event(key, number) for number in range(5)]
    async with provisioned(pubsub_url) as transport:
        await transport.publish(messages)
        found = await take(await transport.receiver(policy()), 5)

    assert ids(found) == sent_ids(messages)
    assert {each.envelope.partitionkey for each in found if each.envelope} == {key}


async def test_an_address_with_parameters_reads_every_subscription_that_fits(pubsub_url: str) -> None:
    channel = ChannelContract("orders", "orders.{region}.placed")
    reading = ReceivePolicy("onPlaced", "billing", channel, DeadLetterPolicy("dlq"))
    concrete = [
        replace(reading, group=f"billing.{digits}", channel=ChannelContract("orders", f"orders.{region}.placed"))
        for region, digits in (("eu", "0123abcd"), ("us", "4567cdef"))
    ]
    async with connected(pubsub_url) as transport:
        missing, *_ = [each for each in await transport.provision(Topology((channel,))) if each.action == "conflict"]
        await transport.provision(Topology(tuple(each.channel for each in concrete), tuple(concrete)))
        await transport.publish([Outgoing(each.channel.address, event("a", 0).envelope) for each in concrete])

        found = await take(await transport.receiver(reading), 2)
        steps = await transport.provision(Topology((channel,)))

    assert "for each value" in missing.detail
    assert {each.address for each in found} == {"orders.eu.placed", "orders.us.placed"}
    assert [each.action for each in steps] == ["exists"]
