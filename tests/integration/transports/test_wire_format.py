"""Confluent's wire format on Apache Kafka, with the ids of a real schema registry."""

from __future__ import annotations

import json
import logging
import struct
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from tests.services.guard import guarded
from tests.services.processes import free_ports

from eda_gen.registry import Access, Registry
from eda_gen.registry.schemas import SchemaText
from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import ADDRESS, event, policy, topology
from eda_runtime.transports import Delivery, Outgoing
from eda_runtime.transports.kafka import KafkaOptions, KafkaTransport
from eda_runtime.transports.kafka.transport import connect

pytestmark = pytest.mark.xdist_group("kafka")

PREFIX = struct.Struct(">bI")


@asynccontextmanager
async def connected(url: str, **environment: str) -> AsyncIterator[KafkaTransport]:
    settings = Settings(broker_url=url, lease=timedelta(seconds=1), grace=timedelta(seconds=5))
    transport = await connect(KafkaOptions.read(url, settings, environment))
    try:
        yield transport
    finally:
        await transport.close()


def confluent(registry_url: str, naming: str = "topic") -> dict[str, str]:
    return {
        "EDA_KAFKA_WIRE_FORMAT": "confluent",
        "EDA_REGISTRY_URL": registry_url,
        "EDA_REGISTRY_NAMING": naming,
    }


def register(registry_url: str, subject: str, type_: str, **schema: object) -> int:
    """Pushes a schema as `eda-gen registry push` does; its id."""
    body = {"$schema": "http://json-schema.org/draft-07/schema#", "x-eda": {"type": type_}, "type": "object", **schema}
    answer = Registry(Access.read(registry_url, {})).register(subject, SchemaText("JSON", json.dumps(body)))
    assert answer.id is not None
    return answer.id


def order(version: int, number: int = 1, **attributes: Any) -> Outgoing:
    envelope = replace(event("key", number, b'{"id": 1}').envelope, type=f"sales.OrderPlaced.v{version}", **attributes)
    return Outgoing(ADDRESS, envelope)


def records(url: str, count: int) -> list[bytes]:
    """The values in the topic, as any client sees them."""
    consumer = Consumer(
        {"bootstrap.servers": url.partition("//")[2], "group.id": "look", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([ADDRESS])
    found: list[bytes] = []
    while len(found) < count:
        found += [each.value() or b"" for each in consumer.consume(count, 1.0)]
    consumer.close()
    return found


async def received(transport: KafkaTransport, count: int) -> list[Delivery]:
    receiver = await transport.receiver(policy("billing"))
    found: list[Delivery] = []
    while len(found) < count:
        found += await receiver.poll(10, 1.0)
    return found


def data_of(deliveries: Sequence[Delivery]) -> list[bytes]:
    return [each.envelope.data for each in deliveries if each.envelope is not None]


@pytest.mark.parametrize(
    ("naming", "subject"),
    [("topic", f"{ADDRESS}-value"), ("record", "sales.OrderPlaced"), ("topic-record", f"{ADDRESS}-sales.OrderPlaced")],
)
async def test_each_version_is_sent_after_the_id_of_its_schema_and_read_without_it(
    kafka_url: str, registry_url: str, naming: str, subject: str
) -> None:
    ids = [register(registry_url, subject, f"sales.OrderPlaced.v{number}", title=f"{number}") for number in (1, 2)]
    async with connected(kafka_url, **confluent(registry_url, naming)) as transport:
        await transport.provision(topology("billing"))

        await transport.publish([order(1, 1), order(2, 2)])
        deliveries = await received(transport, 2)

    assert records(kafka_url, 2) == [PREFIX.pack(0, id_) + b'{"id": 1}' for id_ in ids]
    assert data_of(deliveries) == [b'{"id": 1}', b'{"id": 1}']
    assert [each.body for each in deliveries] == [PREFIX.pack(0, id_) + b'{"id": 1}' for id_ in ids]


async def test_messages_from_before_the_format_was_set_are_still_read(kafka_url: str, registry_url: str) -> None:
    async with connected(kafka_url) as plain:
        await plain.provision(topology("billing"))
        await plain.publish([order(1)])

    async with connected(kafka_url, **confluent(registry_url)) as transport:
        deliveries = await received(transport, 1)

    assert data_of(deliveries) == [b'{"id": 1}']


async def test_a_schema_that_is_not_registered_is_one_clear_message_and_what_follows_waits(
    kafka_url: str, registry_url: str
) -> None:
    register(registry_url, f"{ADDRESS}-value", "sales.OrderPlaced.v1")
    async with connected(kafka_url, **confluent(registry_url)) as transport:
        await transport.provision(topology("billing"))

        with pytest.raises(PublishError) as error:
            await transport.publish([order(1, 1), order(2, 2), order(1, 3)])
        register(registry_url, f"{ADDRESS}-value", "sales.OrderPlaced.v2", title="2")
        unacknowledged = [each.envelope.id for each in error.value.unacknowledged]
        await transport.publish(error.value.unacknowledged)
        deliveries = await received(transport, 3)

    told = f"`{ADDRESS}-value` holds no schema of sales.OrderPlaced.v2 in the schema registry: run `eda-gen registry push` first"
    assert told in str(error.value)
    assert unacknowledged == ["key/2", "key/3"]
    assert [each.envelope.id for each in deliveries if each.envelope] == ["key/1", "key/2", "key/3"]


async def test_a_subject_in_another_language_than_payloads_are_written_in_is_refused(
    kafka_url: str, registry_url: str
) -> None:
    record = {"type": "record", "name": "Order", "fields": []}
    Registry(Access.read(registry_url, {})).register(f"{ADDRESS}-value", SchemaText("AVRO", json.dumps(record)))
    async with connected(kafka_url, **confluent(registry_url)) as transport:
        await transport.provision(topology("billing"))

        with pytest.raises(PublishError, match="is AVRO, and payloads are written as JSON"):
            await transport.publish([order(1)])


async def test_an_id_that_the_registry_does_not_know_is_told_and_the_message_read(
    kafka_url: str, registry_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with connected(kafka_url) as plain:
        await plain.provision(topology("billing"))
        await plain.publish([order(1, data=PREFIX.pack(0, 99999) + b'{"id": 1}')])

    with caplog.at_level(logging.WARNING):
        async with connected(kafka_url, **confluent(registry_url)) as transport:
            deliveries = await received(transport, 1)

    assert data_of(deliveries) == [b'{"id": 1}']
    assert "the schema registry has no schema 99999" in caplog.text


async def test_what_other_producers_write_without_cloudevents_headers_has_its_schemas_type(
    kafka_url: str, registry_url: str
) -> None:
    id_ = register(registry_url, f"{ADDRESS}-value", "sales.OrderPlaced.v1")
    async with connected(kafka_url, **confluent(registry_url)) as transport:
        await transport.provision(topology("billing"))
        producer = Producer({"bootstrap.servers": kafka_url.partition("//")[2]})
        producer.produce(ADDRESS, PREFIX.pack(0, id_) + b'{"id": 1}', key=b"k")
        producer.flush(10)

        (delivery,) = await received(transport, 1)

    assert delivery.envelope is not None
    assert (delivery.envelope.type, delivery.envelope.data) == ("sales.OrderPlaced.v1", b'{"id": 1}')
    assert delivery.envelope.partitionkey == "k"


async def test_a_dead_letter_keeps_the_schema_of_the_message_that_died(kafka_url: str, registry_url: str) -> None:
    id_ = register(registry_url, "elsewhere-value", "sales.OrderPlaced.v1")
    story = {"edagroup": "billing", "edaaddress": "elsewhere"}
    nameless = {"edagroup": "billing", "edaaddress": "unknown"}
    async with connected(kafka_url, **confluent(registry_url)) as transport:
        await transport.provision(topology("billing"))

        await transport.publish([order(1, 1, extensions=story), order(1, 2, extensions=nameless)])

    assert records(kafka_url, 2) == [PREFIX.pack(0, id_) + b'{"id": 1}', b'{"id": 1}']


async def test_a_registry_that_is_not_there_is_one_clear_message(kafka_url: str) -> None:
    (port,) = free_ports(1)

    with pytest.raises(TransportError, match=f"the schema registry at http://127.0.0.1:{port} cannot be reached"):
        async with connected(kafka_url, **confluent(f"http://127.0.0.1:{port}")):
            pass


async def test_the_registry_is_asked_once_and_by_who_may_so_that_it_may_go_away(
    kafka_url: str, registry_url: str, tmp_path: Path
) -> None:
    register(registry_url, f"{ADDRESS}-value", "sales.OrderPlaced.v1")
    secret = f"Basic {b64encode(b'me:hush').decode()}"
    with guarded(registry_url, secret, tmp_path) as door:
        stranger = confluent(door.url) | {"EDA_REGISTRY_CA_FILE": str(door.ca_file)}
        friend = stranger | {"EDA_REGISTRY_USERNAME": "me", "EDA_REGISTRY_PASSWORD": "hush"}
        with pytest.raises(TransportError, match="refuses us: 401") as refused:
            async with connected(kafka_url, **stranger):
                pass
        transport = await connect(KafkaOptions.read(kafka_url, Settings(broker_url=kafka_url), friend))
        await transport.provision(topology("billing"))
        await transport.publish([order(1, 1)])

    await transport.publish([order(1, 2)])
    with pytest.raises(PublishError, match=f"the schema registry at {door.url} cannot be reached"):
        await transport.publish([order(2, 3)])
    deliveries = await received(transport, 2)
    await transport.close()

    assert data_of(deliveries) == [b'{"id": 1}', b'{"id": 1}']
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"EDA_KAFKA_WIRE_FORMAT": "avro"}, "EDA_KAFKA_WIRE_FORMAT is `confluent` or `plain`"),
        ({"EDA_KAFKA_WIRE_FORMAT": "confluent"}, "needs EDA_REGISTRY_URL"),
        (confluent("http://me:hush@registry"), "without credentials"),
        (confluent("http://me:12/hush@registry"), "without credentials"),
        (confluent("http://registry", "subject"), "EDA_REGISTRY_NAMING is one of topic, record, topic-record"),
    ],
)
def test_settings_that_make_no_sense_are_named(environment: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as error:
        KafkaOptions.read("kafka://localhost:9092", Settings(), environment)

    assert "hush" not in str(error.value)


def test_credentials_are_not_shown() -> None:
    environment = {**confluent("http://registry"), "EDA_REGISTRY_USERNAME": "me", "EDA_REGISTRY_PASSWORD": "hush"}

    options = KafkaOptions.read("kafka://localhost:9092", Settings(), environment)

    assert options.registry is not None
    assert options.registry.authorization is not None
    assert options.registry.authorization not in repr(options)
