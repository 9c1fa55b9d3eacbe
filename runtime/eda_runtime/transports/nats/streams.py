"""The streams that a server has: how many partitions each, and the consumers of a group on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.errors import ConfigurationError
from eda_runtime.transports.nats.connection import Connection, RefusedError
from eda_runtime.transports.nats.feed import Consumer
from eda_runtime.transports.nats.names import check_name, consumer_name, stream_name, subject

__all__ = ["Stream", "consumers_of", "find_stream", "partitions_of", "read_consumer", "read_stream"]


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as it is; `config` is the server's own."""

    name: str
    config: Mapping[str, Any]
    last: int

    def partitions(self, address: str) -> int:
        """How many there are, without a gap, of an address as the spec has it."""
        number = 0
        while subject(address, number) in self.config.get("subjects", ()):
            number += 1
        return number


async def read_stream(connection: Connection, name: str) -> Stream | None:
    try:
        told = await connection.ask(f"STREAM.INFO.{name}")
    except RefusedError as error:
        if error.missing:
            return None
        raise
    return Stream(name, told["config"], int(told["state"]["last_seq"]))


async def read_consumer(connection: Connection, stream: str, name: str) -> Mapping[str, Any] | None:
    try:
        return await connection.ask(f"CONSUMER.INFO.{stream}.{name}")
    except RefusedError as error:
        if error.missing:
            return None
        raise


async def partitions_of(connection: Connection, address: str) -> int:
    """Of the stream that takes what is sent to `address`: its own, else that of an address with parameters which it fits."""
    stream = await read_stream(connection, stream_name(address))
    if stream and (count := stream.partitions(address)):
        return count
    told = await connection.ask("STREAM.NAMES", {"subject": subject(address, 0)})
    count = 0
    for name in told.get("streams") or ():
        fitting = await read_stream(connection, name)
        while fitting and any(fits(each, subject(address, count)) for each in fitting.config["subjects"]):
            count += 1
    return count


def fits(template: str, subject: str) -> bool:
    wanted, tokens = template.split("."), subject.split(".")
    return len(wanted) == len(tokens) and all(a in ("*", b) for a, b in zip(wanted, tokens, strict=True))


async def find_stream(connection: Connection, policy: ReceivePolicy) -> Stream:
    """Raises `ConfigurationError` unless the channel's stream is there, with all of its partitions."""
    channel = policy.channel
    if problem := check_name(channel.address):
        raise ConfigurationError(problem)
    stream = await read_stream(connection, stream_name(channel.address))
    if stream is None:
        raise ConfigurationError(f"stream of {channel.address} does not exist: run `eda provision` first")
    if (count := stream.partitions(channel.address)) < channel.partitions:
        raise ConfigurationError(
            f"stream {stream.name} has {count} partitions and the spec says {channel.partitions}: add them while"
            " nothing is in flight, as keys move (`eda provision` with EDA_NATS_GROW_PARTITIONS=1)"
        )
    return stream


async def consumers_of(connection: Connection, stream: Stream, policy: ReceivePolicy) -> list[Consumer]:
    """Raises `ConfigurationError` unless the group has its consumer for each partition."""
    consumers = [
        Consumer(stream.name, consumer_name(policy.group, number), number)
        for number in range(stream.partitions(policy.channel.address))
    ]
    for each in consumers:
        if await read_consumer(connection, each.stream, each.name) is None:
            raise ConfigurationError(
                f"consumer {each.name} of stream {each.stream} does not exist: run `eda provision` first"
            )
    return consumers
