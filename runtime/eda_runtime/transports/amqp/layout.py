"""What a service needs on RabbitMQ, as `deploy-amqp` writes it too: exchanges, queues and how they are bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from eda_runtime.contracts import ChannelContract, ReceivePolicy, Topology
from eda_runtime.transports.addresses import all_channels, normal_address

__all__ = [
    "Arguments",
    "Exchange",
    "Queue",
    "check_name",
    "exchanges_of",
    "group_name",
    "is_family",
    "partition_exchange",
    "queues_of",
    "routing_key",
    "work_queues",
    "workers_name",
]

Arguments: TypeAlias = Mapping[str, str | int | bool]

SCHEME = "amqp"
PARTITIONED = ("direct", "topic")
"""Exchanges whose routing keys decide where a message goes; those of other types give every queue all of them."""
LONGEST = 255
"""Bytes of a name (AMQP 0-9-1, short string)."""
NO_LIMIT = 2**31 - 1
"""Deliveries. A limit would let the server take messages out of their order while the service's database is away; where none
is stated, RabbitMQ 4 has one of 20."""
QUORUM: Arguments = {"x-queue-type": "quorum"}
STREAM: Arguments = {"x-queue-type": "stream", "x-max-age": "1h", "x-stream-max-segment-size-bytes": 1_000_000}


@dataclass(frozen=True, slots=True)
class Exchange:
    """Nobody sends to one that is `internal`."""

    name: str
    type: str
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """`keys` are those by which it is bound to `exchange`; there is nothing to bind it to where that is `None`."""

    name: str
    arguments: Arguments
    exchange: str | None
    keys: tuple[str, ...] = ("",)


def exchanges_of(topology: Topology) -> Iterator[Exchange]:
    """One an address, and one more for each of its partitions, which only says that there is this partition: the server can be
    asked for nothing else. Those of dead letters and of workers give everything to their one queue."""
    owned = {channel.address for channel in _channels(topology)}
    for channel in all_channels(topology):
        if is_family(channel):
            continue
        yield Exchange(channel.address, exchange_type(channel) if channel.address in owned else "fanout")
        for number in range(channel.partitions if channel.address in owned and is_partitioned(channel) else 0):
            yield Exchange(partition_exchange(channel.address, number), "fanout", internal=True)
    for policy in topology.receives:
        yield Exchange(workers_name(group_name(policy, topology)), "fanout")


def queues_of(topology: Topology) -> Iterator[Queue]:
    owned = {channel.address for channel in _channels(topology)}
    dead = {policy.dead_letter.address: policy.dead_letter for policy in topology.receives}
    for address, letters in dead.items():
        if address not in owned:
            yield Queue(address, {**QUORUM, "x-message-ttl": _milliseconds(letters.retention)}, address)
    for policy in topology.receives:
        group = group_name(policy, topology)
        yield Queue(workers_name(group), STREAM, workers_name(group))
        yield from work_queues(policy, group)


def work_queues(policy: ReceivePolicy, group: str) -> Sequence[Queue]:
    """A queue a partition where order must be kept and the exchange can tell partitions apart; else one for all, as where the spec
    names the queue."""
    channel = policy.channel
    exchange = None if is_family(channel) else channel.address
    arguments: dict[str, str | int | bool] = {
        **QUORUM,
        "x-dead-letter-exchange": policy.dead_letter.address,
        "x-delivery-limit": NO_LIMIT,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    if channel.ordered:
        arguments["x-single-active-consumer"] = True
    keys = tuple(map(routing_key, range(channel.partitions))) if is_partitioned(channel) else ("",)
    if not channel.ordered or not is_partitioned(channel) or SCHEME in policy.names:
        return [Queue(group, arguments, exchange, keys)]
    return [Queue(f"{group}.{key}", arguments, exchange, (key,)) for key in keys]


def group_name(policy: ReceivePolicy, topology: Topology) -> str:
    """The group's; where several operations share the group, each has queues of its own, called after it too."""
    sharing = sum(each.group == policy.group for each in topology.receives)
    return policy.group if sharing <= 1 else f"{policy.group}.{policy.operation}"


def workers_name(group: str) -> str:
    """The stream on which the workers of a group hear of each other, and its exchange."""
    return f"{group}.workers"


def partition_exchange(address: str, partition: int) -> str:
    return f"{address}.{routing_key(partition)}"


def routing_key(partition: int) -> str:
    return f"p{partition}"


def exchange_type(channel: ChannelContract) -> str:
    return channel.kinds.get(SCHEME, "direct")


def is_partitioned(channel: ChannelContract) -> bool:
    return exchange_type(channel) in PARTITIONED


def is_family(channel: ChannelContract) -> bool:
    """Whether the address stands for as many exchanges as its parameters have values."""
    return "{}" in normal_address(channel.address)


def check_name(name: str) -> str | None:
    """Why a name cannot be one of an exchange or a queue, if so."""
    if 0 < len(name.encode(errors="surrogatepass")) <= LONGEST and not name.startswith("amq."):
        return None
    return f"{name[:80]!r} cannot name an exchange or a queue: up to {LONGEST} bytes can, not `amq.…`"


def _channels(topology: Topology) -> Iterator[ChannelContract]:
    yield from topology.channels
    yield from (policy.channel for policy in topology.receives)


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
