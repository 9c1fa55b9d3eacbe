"""What is particular to Kafka: clear words for what is wrong, topics, partitions and slow handlers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic, murmur2
from tests.services import kafka, tansu
from tests.services.processes import free_ports

from eda_runtime.contracts import ChannelContract, DeadLetterPolicy, ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import ADDRESS, CHANNEL, KEYS, event, events, ids, policy, take, topology
from eda_runtime.transports import Outgoing
from eda_runtime.transports.kafka import KafkaOptions, KafkaTransport
from eda_runtime.transports.kafka.transport import connect
from eda_runtime.transports.registry import open_transport
from eda_runtime.transports.times import LATEST

pytestmark = pytest.mark.xdist_group("kafka")
IN_NANOSECONDS = 1764043700123456789
EVERLASTING = replace(CHANNEL, retention=timedelta(days=36_500))
"""What the generator makes of `retention.ms: -1`."""


@asynccontextmanager
async def connected(url: str, **environment: str) -> AsyncIterator[KafkaTransport]:
    settings = Settings(broker_url=url, lease=timedelta(seconds=1), grace=timedelta(seconds=5))
    transport = await connect(KafkaOptions.read(url, settings, environment))
    try:
        yield transport
    finally:
        await transport.close()


def admin(url: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": url.partition("//")[2]})


def create_topic(url: str, name: str, partitions: int, config: Mapping[str, str] | None = None) -> None:
    administrator = admin(url)
    (created,) = administrator.create_topics([NewTopic(name, partitions, config=dict(config or {}))]).values()
    created.result(10)
    while name not in administrator.list_topics(timeout=5).topics:
        pass


def retention_of(url: str, topic: str) -> str:
    administrator = admin(url)
    (asked,) = administrator.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    return str(asked.result(10)["retention.ms"].value)


def partitions_of(url: str, topic: str) -> int:
    return len(admin(url).list_topics(timeout=5).topics[topic].partitions)


async def test_without_the_client_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in tuple(sys.modules) if name.startswith(("confluent_kafka", "eda_runtime.transports.kafka"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'eda-runtime\[kafka\]'"):
        await open_transport("kafka://127.0.0.1:9092")


async def test_a_url_without_a_port_is_refused_with_an_example() -> None:
    with pytest.raises(ConfigurationError, match=r"kafka://host:port"):
        await open_transport("kafka://broker")


async def test_a_server_that_is_not_there_is_named_within_the_connect_time() -> None:
    (port,) = free_ports(1)

    async with asyncio.timeout(15):
        with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{port} cannot be reached"):
            await open_transport(f"kafka://127.0.0.1:{port}")


async def test_refused_credentials_say_which_variables_to_check_and_no_secret() -> None:
    secured = "\n".join(
        (
            "listener.security.protocol.map=PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms=PLAIN",
            "sasl.mechanism.inter.broker.protocol=PLAIN",
            "listener.name.plaintext.plain.sasl.jaas.config="
            "org.apache.kafka.common.security.plain.PlainLoginModule required"
            ' username="eda" password="right" user_eda="right";',
        )
    )
    with kafka.own_server(more=secured) as server:
        environment = {"EDA_KAFKA_USERNAME": "eda", "EDA_KAFKA_SASL_MECHANISM": "PLAIN"}
        async with connected(server.url, **environment, EDA_KAFKA_PASSWORD="right") as transport:
            await transport.provision(topology())

        async with asyncio.timeout(15):
            with pytest.raises(ConfigurationError, match="EDA_KAFKA_PASSWORD") as refused:
                async with connected(server.url, **environment, EDA_KAFKA_PASSWORD="wr0ng-s3cret"):
                    pass

    assert "wr0ng-s3cret" not in str(refused.value)


def test_secrets_show_nowhere_in_the_options() -> None:
    url = "kafka://eda:s3cret@broker:9092"

    options = KafkaOptions.read(
        url, Settings(broker_url=url), {"EDA_KAFKA_KEY_PASSWORD": "hidden", "EDA_KAFKA_TLS": "1"}
    )

    assert options.client["sasl.password"] == "s3cret"
    assert options.client["security.protocol"] == "sasl_ssl"
    assert not {"s3cret", "hidden"} & set(repr(options).replace("'", " ").split())
    assert "s3cret" not in repr(options)


def test_a_file_that_cannot_be_read_is_named_with_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="EDA_KAFKA_CA_FILE"):
        KafkaOptions.read("kafka://broker:9092", Settings(), {"EDA_KAFKA_CA_FILE": "/nowhere/ca.pem"})


async def test_a_missing_topic_asks_for_provisioning(kafka_url: str) -> None:
    async with connected(kafka_url) as transport:
        with pytest.raises(ConfigurationError, match=f"{ADDRESS} does not exist: run `eda provision`"):
            await transport.receiver(policy())


async def test_a_topic_with_fewer_partitions_than_the_spec_is_refused(kafka_url: str) -> None:
    create_topic(kafka_url, ADDRESS, 2)

    async with connected(kafka_url) as transport:
        with pytest.raises(ConfigurationError, match="has 2 partitions and the spec says 4"):
            await transport.receiver(policy())


async def test_provisioning_adds_partitions_only_when_told_to(kafka_url: str) -> None:
    create_topic(kafka_url, ADDRESS, 2)

    async with connected(kafka_url) as transport:
        refused, *_ = await transport.provision(topology())
    assert (refused.action, partitions_of(kafka_url, ADDRESS)) == ("conflict", 2)
    assert "keys move" in refused.detail

    async with connected(kafka_url, EDA_KAFKA_GROW_PARTITIONS="1") as transport:
        grown, *_ = await transport.provision(topology())
    assert (grown.action, partitions_of(kafka_url, ADDRESS)) == ("change", 4)


async def test_provisioning_never_takes_partitions_away(kafka_url: str) -> None:
    create_topic(kafka_url, ADDRESS, 6)

    async with connected(kafka_url, EDA_KAFKA_GROW_PARTITIONS="1") as transport:
        step, *_ = await transport.provision(topology())

    assert (step.action, step.detail) == ("exists", "6 partition(s), more than the 4 wanted")
    assert partitions_of(kafka_url, ADDRESS) == 6


async def test_provisioning_lengthens_the_retention_and_never_shortens_it(kafka_url: str) -> None:
    def keeping(days: int) -> Topology:
        return Topology((replace(CHANNEL, retention=timedelta(days=days)),))

    async with connected(kafka_url) as transport:
        steps = [(await transport.provision(keeping(days)))[0] for days in (7, 30, 7, 30)]

    assert [step.action for step in steps] == ["create", "change", "exists", "exists"]
    assert [step.detail for step in steps[1:]] == [
        "retention becomes 30 days",
        "4 partition(s), keeps longer: 30 days",
        "4 partition(s)",
    ]


@pytest.mark.parametrize("there", ["-1", str(2**63 - 1)])
async def test_a_topic_that_keeps_its_messages_for_ever_goes_on_doing_so(kafka_url: str, there: str) -> None:
    create_topic(kafka_url, ADDRESS, 2, {"retention.ms": there})

    async with connected(kafka_url, EDA_KAFKA_GROW_PARTITIONS="1") as transport:
        grown, *_ = await transport.provision(topology())
        (again,) = await transport.provision(Topology((CHANNEL,)))

    assert (grown.action, again.detail) == ("change", "4 partition(s), keeps longer: for ever")
    assert retention_of(kafka_url, ADDRESS) == there


async def test_what_a_spec_keeps_for_ever_is_kept_so(kafka_url: str) -> None:
    async with connected(kafka_url) as transport:
        steps = [(await transport.provision(Topology((each,))))[0] for each in (CHANNEL, EVERLASTING, EVERLASTING)]

    assert [step.action for step in steps] == ["create", "change", "exists"]
    assert retention_of(kafka_url, ADDRESS) == "-1"


async def test_an_address_that_cannot_name_a_topic_is_refused_by_name(kafka_url: str) -> None:
    wrong = ReceivePolicy("on", "billing", ChannelContract("wrong", "sales/orders"), DeadLetterPolicy("dlq"))

    async with connected(kafka_url) as transport:
        with pytest.raises(ConfigurationError, match="'sales/orders' cannot name a Kafka topic"):
            await transport.receiver(wrong)


async def test_an_address_with_parameters_reads_every_topic_that_fits(kafka_url: str) -> None:
    channel = ChannelContract("orders", "orders.{region}.placed", partitions=2)
    reading = ReceivePolicy("on", "billing", channel, DeadLetterPolicy("dlq"))
    for topic in ("orders.eu.placed", "orders.us.placed", "orders.eu.sent"):
        create_topic(kafka_url, topic, 2)

    async with connected(kafka_url) as transport:
        sent = [
            Outgoing(f"orders.{region}", event("a", 0).envelope) for region in ("eu.placed", "us.placed", "eu.sent")
        ]
        await transport.publish(sent)
        found = await take(await transport.receiver(reading), 2)
        rest = await (await transport.receiver(replace(reading, group="other"))).poll(10, 2)

    assert {each.address for each in found} == {"orders.eu.placed", "orders.us.placed"}
    assert {each.address for each in rest} <= {"orders.eu.placed", "orders.us.placed"}


async def test_an_address_with_parameters_and_no_topic_needs_a_person(kafka_url: str) -> None:
    async with connected(kafka_url) as transport:
        (step,) = await transport.provision(Topology((ChannelContract("orders", "orders.{region}"),)))

    assert step.action == "conflict"
    assert "create one for each value" in step.detail


async def test_a_key_lies_in_the_partition_that_java_clients_choose(kafka_url: str) -> None:
    async with connected(kafka_url) as transport:
        await transport.provision(topology())
        await transport.publish(events(KEYS, 1))
        found = await take(await transport.receiver(policy()), len(KEYS))

    assert {each.key: each.partition for each in found} == {key: murmur2(key.encode(), 4) for key in KEYS}


async def test_a_slow_handler_keeps_its_partitions(kafka_url: str) -> None:
    async with connected(kafka_url) as transport, connected(kafka_url) as other:
        await transport.provision(topology())
        await transport.publish([event("a", number) for number in range(4)])
        slow = await transport.receiver(policy())
        found = list(await slow.poll(2, 10))
        await asyncio.sleep(3)
        joined = asyncio.create_task(other.receiver(policy()))

        await slow.acknowledge(found)
        found += await take(slow, 4 - len(found)) if len(found) < 4 else []
        receiver = await joined

        assert len(ids(found) + ids(await receiver.poll(10, 1))) == 4


async def test_partitions_go_only_after_what_is_in_hand_is_committed(kafka_url: str) -> None:
    async with connected(kafka_url) as transport, connected(kafka_url) as other:
        await transport.provision(topology())
        await transport.publish(events(KEYS, 10))
        first = await transport.receiver(policy())
        found = list(await first.poll(500, 10))
        while more := await first.poll(500, 0.5):
            found += more
        second = await other.receiver(policy())
        early = list(await second.poll(500, 2))

        await first.acknowledge(found)

        assert early == []
        assert list(await second.poll(500, 3)) == []
        assert len(found) == 120


async def test_a_full_hand_is_taken_up_again_when_it_empties(tmp_path: Path) -> None:
    with tansu.running_server(tmp_path) as url:
        async with connected(url) as transport:
            await transport.provision(topology())
            for start in range(0, 9_000, 3_000):
                await transport.publish([event("a", number) for number in range(start, start + 3_000)])
            receiver = await transport.receiver(policy())
            await asyncio.sleep(1.5)

            found = await take(receiver, 9_000)

    assert ids(found) == [f"a/{number}" for number in range(9_000)]


async def test_no_commit_is_made_past_a_message_in_hand(kafka_url: str) -> None:
    async with connected(kafka_url) as transport:
        await transport.provision(topology())
        await transport.publish([event("a", number) for number in range(5)])
        receiver = await transport.receiver(policy())
        found = await take(receiver, 5, acknowledge=False)
        await receiver.acknowledge([found[0], *found[2:]])
        await asyncio.sleep(0.5)

        asking = Consumer({"bootstrap.servers": kafka_url.partition("//")[2], "group.id": "billing"})
        (committed,) = asking.committed([TopicPartition(ADDRESS, found[0].partition)], 5)
        asking.close()

    assert committed.offset == 1


async def test_a_record_of_a_time_that_there_is_not_is_handed_out(tmp_path: Path) -> None:
    """Kafka has refused them since 4.0 where it is not told otherwise."""
    with tansu.running_server(tmp_path) as url:
        async with connected(url) as transport:
            await transport.provision(topology())
            producer = Producer({"bootstrap.servers": url.partition("//")[2]})
            producer.produce(ADDRESS, b"{}", partition=0, timestamp=IN_NANOSECONDS)
            assert producer.flush(10) == 0
            await transport.publish(events(KEYS, 1))

            found = await take(await transport.receiver(policy()), 1 + len(KEYS))

    assert len(found) == 1 + len(KEYS)
    assert [each.appended_at for each in found if each.problem] == [LATEST]
