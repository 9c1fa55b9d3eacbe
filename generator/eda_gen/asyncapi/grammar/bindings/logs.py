"""Bindings of brokers that keep a log: Kafka, Pulsar."""

from __future__ import annotations

from eda_gen.asyncapi.grammar.bindings.table import Binding
from eda_gen.asyncapi.grammar.schema import AVRO, SCHEMA
from eda_gen.asyncapi.grammar.types import BOOLEAN, TEXT, Choice, Items, Number, Object, Switch, Type, merged
from eda_gen.source import Node

__all__ = ["BINDINGS"]

_COUNT = Number(minimum=0)
_PARTS: dict[str, Type] = {"topic": TEXT, "partitions": Number(minimum=1), "replicas": Number(minimum=1)}
_TOPIC: dict[str, Type] = {
    "cleanup.policy": Items(Choice(("compact", "delete"))),
    "retention.ms": Number(minimum=-1),
    "retention.bytes": Number(minimum=-1),
    "delete.retention.ms": _COUNT,
    "max.message.bytes": _COUNT,
}
_CONFLUENT: dict[str, Type] = {
    "confluent.key.schema.validation": BOOLEAN,
    "confluent.key.subject.name.strategy": TEXT,
    "confluent.value.schema.validation": BOOLEAN,
    "confluent.value.subject.name.strategy": TEXT,
}
_REGISTRY: dict[str, Type] = {"schemaRegistryUrl": TEXT, "schemaRegistryVendor": TEXT}
_CLIENT: dict[str, Type] = {"groupId": SCHEMA, "clientId": SCHEMA}


def _schema_or_avro(node: Node) -> Type:
    return (
        AVRO
        if node.text_at("type") in ("record", "enum", "fixed", "map", "bytes", "int", "long", "float", "double")
        else SCHEMA
    )


_KEY: dict[str, Type] = {"key": Switch(_schema_or_avro)}
_IN_REGISTRY: dict[str, Type] = {
    "schemaIdLocation": Choice(("header", "payload")),
    "schemaIdPayloadEncoding": TEXT,
    "schemaLookupStrategy": TEXT,
}
_PULSAR_CHANNEL: dict[str, Type] = {
    "namespace": TEXT,
    "persistence": Choice(("persistent", "non-persistent")),
    "compaction": _COUNT,
    "geo-replication": Items(TEXT),
    "retention": Object("retention definition", {"time": _COUNT, "size": _COUNT}),
    "ttl": Number(),
    "deduplication": BOOLEAN,
}

BINDINGS = (
    Binding("kafka", "server", "0.1.0", {}),
    Binding("kafka", "server", "0.3.0", _REGISTRY),
    Binding("kafka", "channel", "0.1.0", {}),
    Binding("kafka", "channel", "0.3.0", _PARTS),
    Binding("kafka", "channel", "0.4.0", merged(_PARTS, {"topicConfiguration": Object("topic configuration", _TOPIC)})),
    Binding(
        "kafka",
        "channel",
        "0.5.0",
        merged(_PARTS, {"topicConfiguration": Object("topic configuration", merged(_TOPIC, _CONFLUENT), open=True)}),
    ),
    Binding("kafka", "operation", "0.1.0", _CLIENT),
    Binding("kafka", "message", "0.1.0", {"key": SCHEMA}),
    Binding("kafka", "message", "0.3.0", merged(_KEY, _IN_REGISTRY)),
    Binding("pulsar", "server", "0.1.0", {"tenant": TEXT}),
    Binding("pulsar", "channel", "0.1.0", _PULSAR_CHANNEL, ("namespace", "persistence")),
)
