"""Queues: one a partition for each consumer group, with one active consumer, which keeps the order of a key; and a stream for each
group, on which its workers hear of each other and share the queues out.

Retries by policy happen in the service's database, so deliveries have no limit: with one, all that workers were given while
that database was away would become dead letters, out of order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eda_gen.emit import bindings
from eda_gen.emit.deploy.amqp.exchange import VHOST, Exchange, view_exchange
from eda_gen.emit.deploy.text import milliseconds
from eda_gen.emit.deploy.topology import Reading, Topic
from eda_gen.model import Json

__all__ = ["Queue", "dead_letter_queue", "queues_of", "vhost_of", "workers_stream"]

NO_LIMIT = 2**31 - 1
"""Where no limit is stated, RabbitMQ 4 has one of 20 deliveries."""
BEATS: Mapping[str, Json] = {
    "x-queue-type": "stream",
    "x-max-age": "1h",
    "x-stream-max-segment-size-bytes": 1_000_000,
}


@dataclass(frozen=True, slots=True)
class Queue:
    """`routes` are the exchanges that it is bound to, each with its routing keys."""

    name: str
    vhost: str
    durable: bool
    auto_delete: bool
    arguments: Mapping[str, Json]
    routes: tuple[tuple[str, tuple[str, ...]], ...]

    def definition(self) -> Mapping[str, Json]:
        return {
            "name": self.name,
            "vhost": self.vhost,
            "durable": self.durable,
            "auto_delete": self.auto_delete,
            "arguments": self.arguments,
        }

    def bindings(self) -> Iterator[Mapping[str, Json]]:
        for exchange, keys in self.routes:
            for key in keys:
                yield {
                    "source": exchange,
                    "vhost": self.vhost,
                    "destination": self.name,
                    "destination_type": "queue",
                    "routing_key": key,
                    "arguments": {},
                }


def queues_of(reading: Reading) -> Iterator[Queue]:
    """A queue a partition, where order must be kept and the exchanges can tell partitions apart; else one for all."""
    topics = tuple(each for each in reading.topics if not each.is_family)
    if not topics:
        return
    exchanges = tuple(map(view_exchange, topics))
    first = topics[0]
    named = _named(first)
    if not first.ordered or named or not all(each.partitioned for each in exchanges):
        keys = tuple(f"p{number}" for number in range(first.partitions))
        yield _queue(named or reading.name, keys, exchanges, reading)
        return
    for number in range(first.partitions):
        yield _queue(f"{reading.name}.p{number}", (f"p{number}",), exchanges, reading)


def vhost_of(reading: Reading) -> str:
    """Where a group's queues are: beside the exchange that they are bound to."""
    return next((view_exchange(each).vhost for each in reading.topics if not each.is_family), VHOST)


def dead_letter_queue(letters: Topic, vhost: str) -> Queue:
    arguments: Mapping[str, Json] = {"x-queue-type": "quorum", "x-message-ttl": milliseconds(letters.retention)}
    return Queue(letters.address, vhost, True, False, arguments, ((letters.address, ("",)),))


def workers_stream(reading: Reading) -> Queue:
    """Bound to an exchange of its own name, so that the right to write it covers nothing else."""
    name = f"{reading.name}.workers"
    return Queue(name, vhost_of(reading), True, False, BEATS, ((name, ("",)),))


def _queue(name: str, keys: tuple[str, ...], exchanges: tuple[Exchange, ...], reading: Reading) -> Queue:
    stated = bindings.mapping(reading.topics[0].bindings, "amqp", "queue")
    routes = tuple((each.name, keys if each.partitioned else ("",)) for each in exchanges)
    lasting = bindings.flag(stated, "durable") is not False and not bindings.flag(stated, "autoDelete")
    return Queue(
        name=name,
        vhost=vhost_of(reading),
        durable=bindings.flag(stated, "durable") is not False,
        auto_delete=bool(bindings.flag(stated, "autoDelete")),
        arguments=_arguments(reading, lasting),
        routes=routes,
    )


def _arguments(reading: Reading, lasting: bool) -> Mapping[str, Json]:
    """Quorum queues are durable and stay; what a binding wants otherwise is a classic queue."""
    arguments: dict[str, Json] = {"x-dead-letter-exchange": reading.dead_letters.address}
    if reading.topics[0].ordered:
        arguments["x-single-active-consumer"] = True
    if not lasting:
        return {"x-queue-type": "classic", **arguments}
    return {
        "x-queue-type": "quorum",
        **arguments,
        "x-delivery-limit": NO_LIMIT,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _named(topic: Topic) -> str | None:
    """The queue that the channel is, where its binding says that it is one."""
    amqp = bindings.mapping(topic.bindings, "amqp")
    queue = bindings.mapping(amqp, "queue")
    return bindings.text(queue, "name") if bindings.text(amqp, "is") == "queue" else None
