"""Bindings of brokers that keep queues: AMQP 0-9-1, IBM MQ, JMS, MQTT, NATS, Anypoint MQ, Solace."""

from __future__ import annotations

from eda_gen.asyncapi.grammar.bindings.table import Binding
from eda_gen.asyncapi.grammar.schema import SCHEMA
from eda_gen.asyncapi.grammar.types import (
    ANYTHING,
    BOOLEAN,
    TEXT,
    Choice,
    Findings,
    Items,
    Number,
    Object,
    Switch,
    Text,
    Type,
    merged,
)
from eda_gen.source import Node

__all__ = ["BINDINGS"]

_COUNT = Number(minimum=0)
_SHORT = Text(longest=255)

_EXCHANGE = Object(
    "exchange",
    {
        "name": _SHORT,
        "type": Choice(("topic", "direct", "fanout", "default", "headers")),
        "durable": BOOLEAN,
        "autoDelete": BOOLEAN,
        "vhost": TEXT,
    },
)
_QUEUE = Object(
    "queue", {"name": _SHORT, "durable": BOOLEAN, "exclusive": BOOLEAN, "autoDelete": BOOLEAN, "vhost": TEXT}
)
_AMQP_OPERATION: dict[str, Type] = {
    "expiration": _COUNT,
    "userId": TEXT,
    "cc": Items(TEXT),
    "priority": Number(),
    "deliveryMode": Choice((1, 2)),
    "mandatory": BOOLEAN,
    "bcc": Items(TEXT),
    "timestamp": BOOLEAN,
    "ack": BOOLEAN,
}

_MQ_QUEUE = Object(
    "IBM MQ queue", {"objectName": Text(longest=48), "isPartitioned": BOOLEAN, "exclusive": BOOLEAN}, ("objectName",)
)
_MQ_TOPIC = Object(
    "IBM MQ topic",
    {
        "string": Text(longest=10240),
        "objectName": Text(longest=48),
        "durablePermitted": BOOLEAN,
        "lastMsgRetained": BOOLEAN,
    },
)


def _queue_or_topic(node: Node, findings: Findings) -> None:
    """`queue` and `topic` do not stand together (IBM MQ bindings 0.1.0, Channel Binding Object)."""
    if node.get("queue") is not None and node.get("topic") is not None:
        findings.report("04", "`queue` and `topic` do not stand together", node.key_span("topic"))
    wrong = {"queue": "topic", "topic": "queue"}.get(node.text_at("destinationType") or "")
    if wrong is not None and node.get(wrong) is not None and node.get("queue" if wrong == "topic" else "topic") is None:
        findings.report("04", f"`{wrong}` does not fit to this `destinationType`", node.key_span(wrong))


def _headers_for_binary(node: Node, findings: Findings) -> None:
    """`headers` is for binary messages (IBM MQ bindings 0.1.0, Message Binding Object)."""
    if node.get("headers") is not None and node.text_at("type") in ("string", "jms"):
        findings.report("04", "`headers` is for messages of the type `binary`", node.key_span("headers"))


def _number_or_schema(number: Number) -> Type:
    return Switch(lambda node: SCHEMA if node.is_mapping else number)


_QOS = Choice((0, 1, 2))
_LAST_WILL = Object("last will", {"topic": TEXT, "qos": _QOS, "message": TEXT, "retain": BOOLEAN})
_MQTT_SERVER: dict[str, Type] = {
    "clientId": TEXT,
    "cleanSession": BOOLEAN,
    "lastWill": _LAST_WILL,
    "keepAlive": Number(),
}
_MQTT5_SERVER: dict[str, Type] = {
    "sessionExpiryInterval": _number_or_schema(_COUNT),
    "maximumPacketSize": _number_or_schema(Number(minimum=1, maximum=2**32 - 1)),
}
_MQTT5_MESSAGE: dict[str, Type] = {
    "payloadFormatIndicator": Choice((0, 1)),
    "correlationData": SCHEMA,
    "contentType": TEXT,
    "responseTopic": Switch(lambda node: SCHEMA if node.is_mapping else TEXT),
}
_JMS_PROPERTY = Object("JMS property", {"name": TEXT, "value": ANYTHING}, ("name", "value"))
_SOLACE_DESTINATIONS = Items(
    Object(
        "destination",
        {
            "destinationType": Choice(("queue", "topic")),
            "deliveryMode": Choice(("direct", "persistent")),
            "queue": Object("queue", open=True),
            "topic": Object("topic", open=True),
            "bindingVersion": TEXT,
        },
    )
)

BINDINGS = (
    Binding("amqp", "server", "0.1.0", {}),
    Binding(
        "amqp", "channel", "0.1.0", {"is": Choice(("queue", "routingKey")), "exchange": _EXCHANGE, "queue": _QUEUE}
    ),
    Binding("amqp", "operation", "0.1.0", merged(_AMQP_OPERATION, {"replyTo": TEXT})),
    Binding("amqp", "operation", "0.3.0", _AMQP_OPERATION),
    Binding("amqp", "message", "0.1.0", {"contentEncoding": TEXT, "messageType": TEXT}),
    Binding(
        "ibmmq",
        "server",
        "0.1.0",
        {
            "groupId": TEXT,
            "ccdtQueueManagerName": TEXT,
            "cipherSpec": TEXT,
            "multiEndpointServer": BOOLEAN,
            "heartBeatInterval": Number(minimum=0, maximum=999_999),
        },
    ),
    Binding(
        "ibmmq",
        "channel",
        "0.1.0",
        {
            "destinationType": Choice(("topic", "queue")),
            "queue": _MQ_QUEUE,
            "topic": _MQ_TOPIC,
            "maxMsgLength": Number(minimum=0, maximum=104_857_600),
        },
        rules=(_queue_or_topic,),
    ),
    Binding("ibmmq", "operation", "0.1.0", {}),
    Binding(
        "ibmmq",
        "message",
        "0.1.0",
        {"type": Choice(("string", "jms", "binary")), "headers": TEXT, "description": TEXT, "expiry": _COUNT},
        rules=(_headers_for_binary,),
    ),
    Binding(
        "jms",
        "server",
        "0.0.1",
        {"jmsConnectionFactory": TEXT, "properties": Items(_JMS_PROPERTY), "clientID": TEXT},
        ("jmsConnectionFactory",),
    ),
    Binding("jms", "channel", "0.0.1", {"destination": TEXT, "destinationType": Choice(("queue", "fifo-queue"))}),
    Binding("jms", "message", "0.0.1", {"headers": SCHEMA}),
    Binding("mqtt", "server", "0.1.0", _MQTT_SERVER),
    Binding("mqtt", "server", "0.2.0", merged(_MQTT_SERVER, _MQTT5_SERVER)),
    Binding("mqtt", "channel", "0.1.0", {}),
    Binding("mqtt", "operation", "0.1.0", {"qos": _QOS, "retain": BOOLEAN}),
    Binding(
        "mqtt",
        "operation",
        "0.2.0",
        {
            "qos": _QOS,
            "retain": BOOLEAN,
            "messageExpiryInterval": _number_or_schema(Number(minimum=0, maximum=2**32 - 1)),
        },
    ),
    Binding("mqtt", "message", "0.1.0", {}),
    Binding("mqtt", "message", "0.2.0", _MQTT5_MESSAGE),
    Binding("nats", "operation", "0.1.0", {"queue": _SHORT}),
    Binding(
        "anypointmq",
        "channel",
        "0.0.1",
        {"destination": TEXT, "destinationType": Choice(("exchange", "queue", "fifo-queue"))},
    ),
    Binding("anypointmq", "message", "0.0.1", {"headers": SCHEMA}),
    Binding("solace", "server", "0.2.0", {"msvVpn": TEXT, "msgVpn": TEXT}),
    Binding("solace", "server", "0.4.0", {"msgVpn": TEXT, "clientName": Text(longest=160)}),
    Binding("solace", "operation", "0.2.0", {"destinations": _SOLACE_DESTINATIONS}),
    Binding(
        "solace",
        "operation",
        "0.4.0",
        {
            "destinations": _SOLACE_DESTINATIONS,
            "timeToLive": _number_or_schema(Number()),
            "priority": _number_or_schema(Number(minimum=0, maximum=255)),
            "dmqEligible": BOOLEAN,
        },
    ),
)
