"""Queues: one a partition for each consumer group, with one active consumer, which keeps the order of a key; and a stream for each
group, on which its workers hear of each other and share the queues out.

Retries by policy happen in the service's database, so deliveries have no limit: with one, all that workers were given while
that database was away would become dead letters, out of order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from eda_gen.emit.broker_names import amqp_queue
from eda_gen.emit.deploy.amqp.exchange import VHOST, Exchange, view_exchange
from eda_gen.emit.deploy.text import milliseconds
from eda_gen.emit.deploy.topology import Reading, Topic, Topology
from eda_gen.model import Json

__all__ = ["Queue", "dead_letter_queue", "queues_of", "vhost_of", "with_queue_names", "workers_stream"]

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
    arguments: Mapping[str, Json]
    routes: tuple[tuple[str, tuple[str, ...]], ...]

    def definition(self) -> Mapping[str, Json]:
        return {
            "name": self.name,
            "vhost": self.vhost,
            "durable": True,
            "auto_delete": False,
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


def with_queue_names(topology: Topology) -> Topology:
    """The topology with a group called as the queue that its channel is, where a binding says so; several operations of one name
    have a queue each."""
    named = [_named(reading) or reading.group for reading in topology.receives]
    times = Counter(named)
    receives = (
        replace(reading, name=name if times[name] == 1 else f"{name}.{reading.operation.id}")
        for reading, name in zip(topology.receives, named, strict=True)
    )
    return replace(topology, receives=tuple(receives))


def queues_of(reading: Reading) -> Iterator[Queue]:
    """A queue a partition, where order must be kept and the exchanges can tell partitions apart; else one for all."""
    topics = tuple(each for each in reading.topics if not each.is_family)
    if not topics:
        return
    exchanges = tuple(map(view_exchange, topics))
    first = topics[0]
    if not first.ordered or _named(reading) or not all(each.partitioned for each in exchanges):
        keys = tuple(f"p{number}" for number in range(first.partitions))
        yield _queue(reading.name, keys, exchanges, reading)
        return
    for number in range(first.partitions):
        yield _queue(f"{reading.name}.p{number}", (f"p{number}",), exchanges, reading)


def vhost_of(reading: Reading) -> str:
    """Where a group's queues are: beside the exchange that they are bound to."""
    return next((view_exchange(each).vhost for each in reading.topics if not each.is_family), VHOST)


def dead_letter_queue(letters: Topic, vhost: str) -> Queue:
    arguments: Mapping[str, Json] = {"x-queue-type": "quorum", "x-message-ttl": milliseconds(letters.retention)}
    return Queue(letters.address, vhost, arguments, ((letters.address, ("",)),))


def workers_stream(reading: Reading) -> Queue:
    """Bound to an exchange of its own name, so that the right to write it covers nothing else."""
    name = f"{reading.name}.workers"
    return Queue(name, vhost_of(reading), BEATS, ((name, ("",)),))


def _queue(name: str, keys: tuple[str, ...], exchanges: tuple[Exchange, ...], reading: Reading) -> Queue:
    routes = tuple((each.name, keys if each.partitioned else ("",)) for each in exchanges)
    return Queue(name, vhost_of(reading), _arguments(reading), routes)


def _arguments(reading: Reading) -> Mapping[str, Json]:
    """A quorum queue's, which lasts: with one that went away its messages would."""
    arguments: dict[str, Json] = {"x-dead-letter-exchange": reading.dead_letters.address}
    if reading.topics[0].ordered:
        arguments["x-single-active-consumer"] = True
    return {
        "x-queue-type": "quorum",
        **arguments,
        "x-delivery-limit": NO_LIMIT,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _named(reading: Reading) -> str | None:
    first = next((each for each in reading.topics if not each.is_family), None)
    return amqp_queue(first.template, first.bindings) if first else None
