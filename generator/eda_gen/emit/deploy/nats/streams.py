"""Streams and consumers as values, and as the server's own JSON.

A consumer delivers again and again what was not acknowledged: failures are retried, and given up, in the service's database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from eda_gen.emit.broker_names import nats_queue
from eda_gen.emit.deploy.nats.names import bucket_name, consumer_name, stream_name, subjects
from eda_gen.emit.deploy.text import go_duration
from eda_gen.emit.deploy.topology import Reading, Topic, Topology
from eda_gen.emit.python.text import one_line
from eda_gen.model import Json

__all__ = ["Bucket", "Consumer", "Stream", "view_buckets", "view_consumers", "view_stream"]

DUPLICATES = timedelta(minutes=2)
"""How long a stream drops a message whose `Nats-Msg-Id` it has."""
ACK_WAIT = timedelta(seconds=60)
MOST_PENDING = 1000
_LONGEST = 4000
_NANOSECONDS = 1000


@dataclass(frozen=True, slots=True)
class Stream:
    name: str
    says: str
    subjects: tuple[str, ...]
    retention: timedelta
    replicas: int

    @property
    def max_age(self) -> str:
        return go_duration(self.retention)

    @property
    def duplicate_window(self) -> str:
        return go_duration(min(DUPLICATES, self.retention))

    def configuration(self) -> Mapping[str, Json]:
        """For `nats stream add --config`; durations are nanoseconds."""
        return {
            "name": self.name,
            "description": self.says,
            "subjects": list(self.subjects),
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "num_replicas": self.replicas,
            "max_consumers": -1,
            "max_msgs": -1,
            "max_bytes": -1,
            "max_msg_size": -1,
            "max_msgs_per_subject": -1,
            "max_age": _nanoseconds(self.retention),
            "duplicate_window": _nanoseconds(min(DUPLICATES, self.retention)),
        }


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where the workers of a group deal out partitions; `keys` are the streams that it reads."""

    name: str
    group: str
    keys: tuple[str, ...]

    @property
    def says(self) -> str:
        return one_line(f"Who of {self.group} reads which partition.")[:_LONGEST]

    @property
    def stream(self) -> str:
        return f"KV_{self.name}"

    @property
    def subject(self) -> str:
        return f"$KV.{self.name}.>"

    def configuration(self) -> Mapping[str, Json]:
        """For `nats stream add --config`, as `nats kv add` would have it."""
        return {
            "name": self.stream,
            "description": self.says,
            "subjects": [self.subject],
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "num_replicas": 1,
            "max_consumers": -1,
            "max_msgs": -1,
            "max_bytes": -1,
            "max_msg_size": -1,
            "max_msgs_per_subject": 1,
            "allow_rollup_hdrs": True,
            "deny_delete": True,
            "allow_direct": True,
        }


@dataclass(frozen=True, slots=True)
class Consumer:
    name: str
    stream: str
    group: str
    subject: str
    pending: int

    @property
    def ack_wait(self) -> str:
        return go_duration(ACK_WAIT)

    def configuration(self) -> Mapping[str, Json]:
        """For `nats consumer add STREAM --config`."""
        return {
            "name": self.name,
            "durable_name": self.name,
            "description": one_line(self.group),
            "filter_subject": self.subject,
            "deliver_policy": "all",
            "replay_policy": "instant",
            "ack_policy": "explicit",
            "ack_wait": _nanoseconds(ACK_WAIT),
            "max_deliver": -1,
            "max_ack_pending": self.pending,
        }


def view_stream(topic: Topic) -> Stream:
    return Stream(stream_name(topic.address), one_line(topic.says)[:_LONGEST], subjects(topic), topic.retention, 1)


def view_consumers(topology: Topology) -> Iterator[Consumer]:
    for reading in topology.receives:
        for topic in reading.topics:
            for number, subject in enumerate(subjects(topic)):
                name = consumer_name(_group(reading), number)
                pending = max(MOST_PENDING, reading.operation.batch)
                yield Consumer(name, stream_name(topic.address), reading.group, subject, pending)


def view_buckets(topology: Topology) -> Iterator[Bucket]:
    keys: dict[str, dict[str, None]] = {}
    for reading in topology.receives:
        keys.setdefault(_group(reading), {}).update({stream_name(topic.address): None for topic in reading.topics})
    for group, streams in keys.items():
        yield Bucket(bucket_name(group), group, tuple(streams))


def _group(reading: Reading) -> str:
    """The operation's `nats` binding calls it `queue`."""
    return nats_queue(reading.operation.bindings) or reading.group


def _nanoseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * _NANOSECONDS
