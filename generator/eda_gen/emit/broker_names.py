"""What a spec's bindings make of channels and groups: what they are called where a broker shall not use the address and the group,
and of which kind they are."""

from __future__ import annotations

from collections.abc import Mapping

from eda_gen.emit import bindings
from eda_gen.model import Json

__all__ = [
    "amqp_queue",
    "channel_kinds",
    "channel_names",
    "exchange_name",
    "exchange_type",
    "group_names",
    "nats_queue",
    "sqs_queue",
    "topic_name",
]

_DIRECT = "direct"
_TYPES = (_DIRECT, "topic", "fanout", "headers")


def channel_names(address: str, stated: Json) -> Mapping[str, str]:
    """Names of a channel by broker, as the runtime's URLs call brokers. A family has none: one name would be for all."""
    if "{" in address:
        return {}
    found = {"amqp": exchange_name(stated), "kafka": topic_name(stated)}
    return {broker: name for broker, name in found.items() if name is not None and name != address}


def channel_kinds(address: str, stated: Json) -> Mapping[str, str]:
    """What brokers make of a channel that is not the usual, by broker."""
    kind = exchange_type(stated)
    return {} if "{" in address or kind == _DIRECT else {"amqp": kind}


def group_names(group: str, stated: Json, address: str, channel: Json) -> Mapping[str, str]:
    """Names of a consumer group by broker, `channel` being the bindings of what it reads. RabbitMQ's is said though it be the
    group's own: it is that of one queue, and not of one for each partition."""
    found = {"eventbridge": sqs_queue(stated), "nats": nats_queue(stated)}
    named = {broker: name for broker, name in found.items() if name is not None and name != group}
    queue = amqp_queue(address, channel)
    return {"amqp": queue, **named} if queue else named


def topic_name(stated: Json) -> str | None:
    """The `kafka` channel binding calls it `topic`."""
    return bindings.text(bindings.mapping(stated, "kafka"), "topic")


def exchange_name(stated: Json) -> str | None:
    """The `amqp` channel binding calls it `exchange`."""
    return bindings.text(bindings.mapping(stated, "amqp", "exchange"), "name")


def exchange_type(stated: Json) -> str:
    """The `amqp` channel binding's; direct where it says nothing, or nothing that RabbitMQ knows."""
    kind = bindings.text(bindings.mapping(stated, "amqp", "exchange"), "type")
    return kind if kind in _TYPES else _DIRECT


def amqp_queue(address: str, stated: Json) -> str | None:
    """The queue that a channel is, where its `amqp` binding says that it is one. A family is many."""
    amqp = bindings.mapping(stated, "amqp")
    if "{" in address or bindings.text(amqp, "is") != "queue":
        return None
    return bindings.text(bindings.mapping(amqp, "queue"), "name")


def nats_queue(stated: Json) -> str | None:
    """The `nats` operation binding calls it `queue`."""
    return bindings.text(bindings.mapping(stated, "nats"), "queue")


def sqs_queue(stated: Json) -> str | None:
    """The `sqs` operation binding calls it `queues`, of which the first is meant."""
    queues = bindings.mapping(stated, "sqs").get("queues")
    first = queues[0] if isinstance(queues, list | tuple) and queues else None
    return bindings.text(bindings.mapping(first), "name")
