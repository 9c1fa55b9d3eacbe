"""What the suite is written with: the broker under test, messages for it, and ways to read them."""

from __future__ import annotations

import asyncio
import string
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

import pytest

from eda_runtime.contracts import ChannelContract, DeadLetterPolicy, ReceivePolicy, Topology
from eda_runtime.envelope import Envelope
from eda_runtime.transports import Delivery, Outgoing, Receiver, Transport

__all__ = [
    "ADDRESS",
    "KEYS",
    "PATIENCE",
    "QUIET",
    "Broker",
    "Suite",
    "by_key",
    "connected",
    "event",
    "events",
    "ids",
    "in_promised_order",
    "needs",
    "policy",
    "publish_apart",
    "rest",
    "sent_ids",
    "take",
    "topology",
]

ADDRESS = "sales.orders"
CHANNEL = ChannelContract("orders", ADDRESS, partitions=4)
PATIENCE = 15.0
"""Seconds within which a message must come."""
QUIET = 0.5
"""Seconds after which nothing is taken to come any more."""


class Broker(Protocol):
    """An empty broker for one test."""

    async def connect(self) -> Transport:
        """A new connection, as another process would make."""
        ...

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        """Append a message as it is, past the envelope."""
        ...


def policy(group: str = "billing") -> ReceivePolicy:
    return ReceivePolicy("onOrderPlaced", group, CHANNEL, DeadLetterPolicy(f"{ADDRESS}.{group}.dlq"))


def topology(*groups: str) -> Topology:
    return Topology((CHANNEL,), tuple(policy(group) for group in groups or ("billing",)))


def event(key: str, number: int, data: bytes = b"{}") -> Outgoing:
    """The `number`th message of `key`; both are in its id."""
    envelope = Envelope(f"{key}/{number}", "/orders", "sales.OrderPlaced.v1", datetime.now(UTC), data, partitionkey=key)
    return Outgoing(ADDRESS, envelope)


def events(keys: Iterable[str], count: int) -> list[Outgoing]:
    """`count` messages of each key, taking turns."""
    names = tuple(keys)
    return [event(key, number) for number in range(count) for key in names]


def ids(deliveries: Iterable[Delivery]) -> list[str]:
    return [each.envelope.id for each in deliveries if each.envelope]


def sent_ids(messages: Iterable[Outgoing]) -> list[str]:
    return [message.envelope.id for message in messages]


def in_promised_order(transport: Transport, found: Iterable[str]) -> list[str]:
    """The ids as they came, or, where the transport promises no order, sorted."""
    return list(found) if transport.features.ordered_by_key else sorted(found)


def by_key(found: Iterable[str]) -> dict[str, list[int]]:
    """The numbers of each key, in the order found."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for each in found:
        key, _, number = each.rpartition("/")
        numbers[key].append(int(number))
    return dict(numbers)


async def take(receiver: Receiver, count: int, *, acknowledge: bool = True) -> list[Delivery]:
    """Poll until `count` messages have come, or patience has run out."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    taken: list[Delivery] = []
    while len(taken) < count and asyncio.get_running_loop().time() < deadline:
        found = await receiver.poll(count - len(taken), QUIET)
        taken += found
        if acknowledge:
            await receiver.acknowledge(found)
    return taken


async def rest(receiver: Receiver) -> list[Delivery]:
    """Everything that still comes."""
    taken: list[Delivery] = []
    while found := await receiver.poll(1000, QUIET):
        await receiver.acknowledge(found)
        taken += found
    return taken


@asynccontextmanager
async def connected(broker: Broker) -> AsyncIterator[Transport]:
    transport = await broker.connect()
    try:
        yield transport
    finally:
        await transport.close()


KEYS = tuple(f"customer-{letter}" for letter in string.ascii_lowercase[:12])


class Suite:
    """A part of the suite; a subclass in a test module has the fixture `broker`."""

    @pytest.fixture
    async def transport(self, broker: Broker) -> AsyncIterator[Transport]:
        async with connected(broker) as transport:
            await transport.provision(topology("billing", "shipping"))
            yield transport


def needs(claimed: bool) -> None:
    if not claimed:
        pytest.skip("the transport does not claim this feature")


async def publish_apart(transport: Transport, *batches: Sequence[Outgoing]) -> list[datetime]:
    """Publish batches some time apart; returns a time before each."""
    times: list[datetime] = []
    for batch in batches:
        await asyncio.sleep(0.05)
        times.append(datetime.now(UTC))
        await asyncio.sleep(0.05)
        await transport.publish(batch)
    return times
