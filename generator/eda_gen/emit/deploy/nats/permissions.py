"""What a service may publish to and subscribe to: its subjects, and the JetStream requests of its own consumers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eda_gen.emit.deploy.nats.names import inbox_prefix, stream_name, subjects
from eda_gen.emit.deploy.nats.streams import view_buckets, view_consumers
from eda_gen.emit.deploy.topology import Topology

__all__ = ["Allowed", "permissions"]


@dataclass(frozen=True, slots=True)
class Allowed:
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def permissions(topology: Topology) -> Allowed:
    inbox = inbox_prefix(topology.service.name)
    return Allowed(tuple(dict.fromkeys(_published(topology))), (f"{inbox}.>",))


def _published(topology: Topology) -> Iterator[str]:
    dead_letters = tuple(reading.dead_letters for reading in topology.receives)
    for topic in (*topology.sends, *dead_letters):
        yield from subjects(topic)
    read = tuple(topic for reading in topology.receives for topic in reading.topics)
    for topic in (*topology.sends, *dead_letters, *read):
        yield f"$JS.API.STREAM.INFO.{stream_name(topic.address)}"
    if any(topic.is_family for topic in topology.sends):
        yield "$JS.API.STREAM.NAMES"
    for consumer in view_consumers(topology):
        path = f"{consumer.stream}.{consumer.name}"
        yield f"$JS.API.CONSUMER.INFO.{path}"
        yield f"$JS.API.CONSUMER.MSG.NEXT.{path}"
        yield f"$JS.API.CONSUMER.RESET.{path}"
        yield f"$JS.ACK.{path}.>"
        yield f"$JS.ACK.*.*.{path}.>"
    for bucket in view_buckets(topology):
        yield f"$JS.API.STREAM.INFO.{bucket.stream}"
        yield f"$JS.API.STREAM.MSG.GET.{bucket.stream}"
        yield from (f"$KV.{bucket.name}.{key}" for key in bucket.keys)
