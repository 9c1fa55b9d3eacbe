"""Exchanges: one an address, to which a message goes under the routing key of its key's partition, `p<n>`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from eda_gen.emit import bindings
from eda_gen.emit.broker_names import channel_names, exchange_type
from eda_gen.emit.deploy.topology import Topic
from eda_gen.model import Json

__all__ = ["VHOST", "Exchange", "view_exchange", "view_exchanges"]

VHOST = "/"
_PARTITIONED = ("direct", "topic")


@dataclass(frozen=True, slots=True)
class Exchange:
    name: str
    vhost: str
    type: str
    internal: bool = False

    @property
    def partitioned(self) -> bool:
        """Whether routing keys decide where a message goes; else every queue gets all of them."""
        return self.type in _PARTITIONED

    def definition(self) -> Mapping[str, Json]:
        return {
            "name": self.name,
            "vhost": self.vhost,
            "type": self.type,
            "durable": True,
            "auto_delete": False,
            "internal": self.internal,
            "arguments": {},
        }


def view_exchanges(topic: Topic) -> Iterator[Exchange]:
    """The exchange of an address, and one more for each of its partitions, to which nobody sends: it only says that there is this
    partition, as the server can be asked for nothing else."""
    exchange = view_exchange(topic)
    yield exchange
    for number in range(topic.partitions if exchange.partitioned else 0):
        yield replace(exchange, name=f"{exchange.name}.p{number}", type="fanout", internal=True)


def view_exchange(topic: Topic) -> Exchange:
    """As the `amqp` channel binding says; where it says nothing, direct, and called by the address. Always durable."""
    return Exchange(
        name=channel_names(topic.template, topic.bindings).get("amqp", topic.address),
        vhost=bindings.text(bindings.mapping(topic.bindings, "amqp", "exchange"), "vhost") or VHOST,
        type=exchange_type(topic.bindings),
    )
