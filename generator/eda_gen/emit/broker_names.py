"""What a spec's bindings call channels and groups where a broker shall not use the address and the group."""

from __future__ import annotations

from collections.abc import Mapping

from eda_gen.emit import bindings
from eda_gen.model import Json

__all__ = ["channel_names", "exchange_name", "group_names", "nats_queue", "sqs_queue", "topic_name"]


def channel_names(address: str, stated: Json) -> Mapping[str, str]:
    """Names of a channel by broker, as the runtime's URLs call brokers. A family has none: one name would be for all."""
    if "{" in address:
        return {}
    found = {"amqp": exchange_name(stated), "kafka": topic_name(stated)}
    return {broker: name for broker, name in found.items() if name is not None and name != address}


def group_names(group: str, stated: Json) -> Mapping[str, str]:
    """Names of a consumer group by broker."""
    found = {"eventbridge": sqs_queue(stated), "nats": nats_queue(stated)}
    return {broker: name for broker, name in found.items() if name is not None and name != group}


def topic_name(stated: Json) -> str | None:
    """The `kafka` channel binding calls it `topic`."""
    return bindings.text(bindings.mapping(stated, "kafka"), "topic")


def exchange_name(stated: Json) -> str | None:
    """The `amqp` channel binding calls it `exchange`."""
    return bindings.text(bindings.mapping(stated, "amqp", "exchange"), "name")


def nats_queue(stated: Json) -> str | None:
    """The `nats` operation binding calls it `queue`."""
    return bindings.text(bindings.mapping(stated, "nats"), "queue")


def sqs_queue(stated: Json) -> str | None:
    """The `sqs` operation binding calls it `queues`, of which the first is meant."""
    queues = bindings.mapping(stated, "sqs").get("queues")
    first = queues[0] if isinstance(queues, list | tuple) and queues else None
    return bindings.text(bindings.mapping(first), "name")
