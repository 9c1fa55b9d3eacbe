"""Buses, rules, queues and dead letters as values for the templates.

A bus an address: then its archive keeps what the channel's retention says, and a right to put events names what it is for.
The queues are standard ones: EventBridge gives all events of a FIFO queue one group, so that order by key is restored from
CloudEvents' `sequence` by the runtime. For this a rule passes every event of its bus: one that a group does not take has its place
in the order of its key. Replayed events go to the group that asked for them, by a rule of their own.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from eda_gen.emit import bindings
from eda_gen.emit.broker_names import sqs_queue
from eda_gen.emit.deploy.eventbridge.names import archive_name, bus_name, logical_id, queue_name, rule_name
from eda_gen.emit.deploy.text import legal, seconds
from eda_gen.emit.deploy.topology import Reading, Topology
from eda_gen.emit.python.text import one_line
from eda_gen.model import Json

__all__ = ["Bus", "DeadLetterQueue", "Queue", "Rule", "bus_name", "view_buses", "view_dead_letters", "view_queues"]

DAY = timedelta(days=1)
LONGEST_KEPT = timedelta(days=14)
SHORTEST_KEPT = timedelta(minutes=1)
MOST_SOURCES = 10
"""Queues that a dead-letter queue may be limited to."""
VISIBILITY_SECONDS = 60
RECEIVES = 20
"""Receipts before SQS gives a message up: it killed its consumer each time, as failures are retried in the database."""


@dataclass(frozen=True, slots=True)
class Bus:
    id: str
    name: str
    says: str
    archive: str
    days: int


@dataclass(frozen=True, slots=True)
class Rule:
    """`bus_id` is the bus's resource where this service owns the bus, else empty."""

    id: str
    name: str
    bus: str
    bus_id: str


@dataclass(frozen=True, slots=True)
class Queue:
    id: str
    name: str
    group: str
    kept: int
    visibility: int
    wait: int
    delay: int
    receives: int
    dead_letters: str
    dead_letters_id: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """`sources` are the queues that may give messages up to it: empty where they are more than AWS lets one name."""

    id: str
    name: str
    kept: int
    sources: tuple[str, ...]
    rules: tuple[Rule, ...]


def view_buses(topology: Topology) -> tuple[Bus, ...]:
    return tuple(
        Bus(
            id=logical_id(topic.address),
            name=bus_name(topic.address),
            says=textwrap.shorten(one_line(topic.says), 500),
            archive=archive_name(topic.address),
            days=-(-topic.retention // DAY),
        )
        for topic in topology.owns
        if not topic.is_family
    )


def view_queues(topology: Topology) -> tuple[Queue, ...]:
    owned = {topic.address for topic in topology.owns}
    return tuple(_queue(reading, owned) for reading in topology.receives)


def view_dead_letters(topology: Topology) -> tuple[DeadLetterQueue, ...]:
    found: dict[str, list[Queue]] = {}
    kept = {queue_name(each.dead_letters.address): each.dead_letters.retention for each in topology.receives}
    for queue in view_queues(topology):
        found.setdefault(queue.dead_letters, []).append(queue)
    return tuple(
        DeadLetterQueue(
            id=queues[0].dead_letters_id,
            name=name,
            kept=_kept(kept[name]),
            sources=tuple(each.name for each in queues) if len(queues) <= MOST_SOURCES else (),
            rules=tuple(rule for each in queues for rule in each.rules),
        )
        for name, queues in found.items()
    )


def _queue(reading: Reading, owned: set[str]) -> Queue:
    dead = queue_name(reading.dead_letters.address)
    return Queue(
        id=logical_id(f"queue {reading.name}"),
        name=_called(reading)[1],
        group=reading.name,
        kept=_setting(reading, "messageRetentionPeriod", _kept(reading.topics[0].retention)),
        visibility=_setting(reading, "visibilityTimeout", VISIBILITY_SECONDS),
        wait=_setting(reading, "receiveMessageWaitTime", 20),
        delay=_setting(reading, "deliveryDelay", 0),
        receives=_receives(reading),
        dead_letters=dead,
        dead_letters_id=logical_id(f"dead letters {reading.dead_letters.address}"),
        rules=tuple(_rules(reading, owned)),
    )


def _rules(reading: Reading, owned: set[str]) -> Iterator[Rule]:
    for topic in reading.topics:
        if not topic.is_family:
            name = rule_name(_called(reading)[0], topic.address, several=len(reading.topics) > 1)
            own = logical_id(topic.address) if topic.address in owned else ""
            bus = bus_name(topic.address)
            yield Rule(logical_id(f"rule {reading.name} {topic.address}"), name, bus, own)


def _kept(retention: timedelta) -> int:
    return seconds(min(max(retention, SHORTEST_KEPT), LONGEST_KEPT))


def _stated(reading: Reading) -> Iterator[Json]:
    """What `sqs` bindings say: the operation's queue before the channel's."""
    queues = bindings.mapping(reading.operation.bindings, "sqs").get("queues")
    yield from queues[:1] if isinstance(queues, list | tuple) else ()
    yield bindings.mapping(reading.topics[0].bindings, "sqs", "queue")


def _called(reading: Reading) -> tuple[str, str]:
    """What names the rule, and the name of the queue."""
    stated = sqs_queue(reading.operation.bindings)
    return (stated, legal(stated, "A-Za-z0-9_-", 80)) if stated else (reading.name, queue_name(reading.name))


def _setting(reading: Reading, name: str, default: int) -> int:
    values = (bindings.integer(bindings.mapping(each), name) for each in _stated(reading))
    return next((value for value in values if value is not None), default)


def _receives(reading: Reading) -> int:
    policies = (bindings.mapping(each, "redrivePolicy") for each in _stated(reading))
    stated = (bindings.integer(policy, "maxReceiveCount", 1) for policy in policies)
    return next((value for value in stated if value is not None), max(RECEIVES, reading.operation.retry.attempts))
