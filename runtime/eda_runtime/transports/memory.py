"""A broker inside the process, for tests: the semantics of the log, under a clock that the test may set."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.envelope import KAFKA, decode, encode
from eda_runtime.errors import ConfigurationError, PublishError
from eda_runtime.transports import Delivery, Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange
from eda_runtime.transports.addresses import AddressBook, all_channels, normal_address
from eda_runtime.transports.partitions import partition_number, quota
from eda_runtime.transports.signal import Signal
from eda_runtime.transports.tracker import Token, Tracker, tracked

__all__ = ["MemoryBroker", "MemoryTransport"]

FEATURES = Features(max_body=16_000_000)


@dataclass(frozen=True, slots=True)
class Stored:
    address: str
    key: str | None
    headers: Mapping[str, str]
    body: bytes
    appended_at: datetime


@dataclass(slots=True)
class Group:
    """A consumer group: how far it has come in each partition, and who reads it. `epoch` counts the leases."""

    cursors: dict[int, int] = field(default_factory=dict)
    members: list[MemoryReceiver] = field(default_factory=list)
    epoch: int = 0

    def balance(self, partitions: int) -> None:
        """Move partitions from members that have too many to those that have too few; busy ones are finished first."""
        fair = {
            id(each): quota(each.name, [member.name for member in self.members], partitions) for each in self.members
        }
        for member in self.members:
            member.shrink_to(fair[id(member)])
        taken = {number for member in self.members for number in member.held}
        free = [number for number in range(partitions) if number not in taken]
        for member in self.members:
            while free and len(member.held) < fair[id(member)]:
                self.epoch += 1
                number = free.pop(0)
                member.held[number] = Tracker(number, number, self.epoch, self.cursors.get(number, 0))


@dataclass(slots=True)
class Channel:
    partitions: list[list[Stored]]
    groups: dict[str, Group] = field(default_factory=dict)


class MemoryBroker:
    """What the messages are in. Any number of transports may share it, as processes share a broker."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self.appended = Signal()
        self.channels: dict[str, Channel] = {}
        self.joined = 0

    def find(self, address: str) -> Channel | None:
        return AddressBook(self.channels).find(address)

    def append(self, address: str, key: str | None, headers: Mapping[str, str], body: bytes) -> None:
        """Append bytes as they are, be they a CloudEvent or not. Raises `ConfigurationError` where no channel is."""
        channel = self.find(address)
        if channel is None:
            raise ConfigurationError(f"channel {address} does not exist: provision it first")
        spread_by = headers.get("ce_id", "") if key is None else key
        number = partition_number(spread_by, len(channel.partitions))
        channel.partitions[number].append(Stored(address, key, dict(headers), body, self.clock()))
        self.appended.fire()


class MemoryTransport:
    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._receivers: list[Receiver] = []

    @property
    def features(self) -> Features:
        return FEATURES

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        refused = [message for message in messages if self._refuses(message)]
        for message in messages:
            if message not in refused:
                envelope = message.envelope
                headers = encode(envelope, KAFKA)
                self._broker.append(message.address, envelope.partitionkey, headers, envelope.data)
        if refused:
            addresses = ", ".join(sorted({message.address for message in refused}))
            raise PublishError(f"no such channel, or too large a body, for {addresses}", refused)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        channel = self._broker.find(policy.channel.address)
        if channel is None:
            raise ConfigurationError(f"channel {policy.channel.address} does not exist: provision it first")
        receiver = MemoryReplay(channel, replay) if replay else MemoryReceiver(self._broker, channel, policy.group)
        self._receivers.append(receiver)
        return receiver

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        steps: list[ProvisionStep] = []
        for wanted in all_channels(topology):
            address = normal_address(wanted.address)
            exists = address in self._broker.channels
            steps.append(ProvisionStep("exists" if exists else "create", f"channel {wanted.address}"))
            if not exists and not dry_run:
                self._broker.channels[address] = Channel([[] for _ in range(wanted.partitions)])
        return steps

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return [self._lag(receive) for receive in topology.receives]

    async def close(self) -> None:
        for receiver in self._receivers:
            await receiver.close()

    def _refuses(self, message: Outgoing) -> bool:
        return self._broker.find(message.address) is None or len(message.envelope.data) > FEATURES.max_body

    def _lag(self, receive: ReceivePolicy) -> Lag:
        channel = self._broker.find(receive.channel.address) or Channel([])
        cursors = channel.groups.get(receive.group, Group()).cursors
        waiting = [stored for number, log in enumerate(channel.partitions) for stored in log[cursors.get(number, 0) :]]
        now = self._broker.clock()
        oldest = min((stored.appended_at for stored in waiting), default=now)
        return Lag(receive.channel.address, receive.group, len(waiting), now - oldest)


class MemoryReceiver:
    """A member of a group, from its making on."""

    def __init__(self, broker: MemoryBroker, channel: Channel, group: str) -> None:
        broker.joined += 1
        self.name = f"{broker.joined:09}"
        self.held: dict[int, Tracker] = {}
        self._broker = broker
        self._channel = channel
        self._group = channel.groups.setdefault(group, Group())
        self._closed = False
        self._turn = 0
        self._group.members.append(self)
        self._rebalance()

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while not self._closed:
            ticket = self._broker.appended.ticket()
            found = self._fetch(max_messages)
            if found or clock() >= deadline:
                return found
            await Signal.wait(ticket, deadline - clock())
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self.held, deliveries):
            tracker.acknowledge(positions)
            self._group.cursors[tracker.number] = tracker.cursor
        self._rebalance_if_drained()

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self.held, deliveries):
            tracker.release(positions)
        self._rebalance_if_drained()

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self.held.clear()
            self._group.members.remove(self)
            self._rebalance()

    def shrink_to(self, fair: int) -> None:
        """Stop reading what is too much, idle partitions first, and give back what is finished."""
        by_idleness = sorted(self.held.values(), key=lambda tracker: not tracker.idle)
        excess = by_idleness[: max(0, len(self.held) - fair)]
        for tracker in self.held.values():
            tracker.draining = tracker in excess
        for tracker in excess:
            if tracker.idle:
                del self.held[tracker.number]

    def _rebalance(self) -> None:
        self._group.balance(len(self._channel.partitions))
        self._broker.appended.fire()

    def _rebalance_if_drained(self) -> None:
        if any(tracker.draining and tracker.idle for tracker in self.held.values()):
            self._rebalance()

    def _fetch(self, limit: int) -> list[Delivery]:
        """Read on, in another partition first each time, so that none waits for ever."""
        self._turn += 1
        ready = [tracker for tracker in self.held.values() if not tracker.draining]
        start = self._turn % len(ready) if ready else 0
        found: list[Delivery] = []
        for tracker in ready[start:] + ready[:start]:
            log = self._channel.partitions[tracker.number]
            found += read(log, tracker, limit - len(found))
        return found


class MemoryReplay:
    """Reads a range again, outside of the group's cursors."""

    def __init__(self, channel: Channel, wanted: ReplayRange) -> None:
        self._channel = channel
        self._ends: dict[int, int] = {}
        self._trackers: dict[int, Tracker] = {}
        for number, log in enumerate(channel.partitions):
            inside = [
                position
                for position, stored in enumerate(log, 1)
                if wanted.start <= stored.appended_at and (wanted.end is None or stored.appended_at <= wanted.end)
            ]
            if inside:
                self._trackers[number] = Tracker(number, number, 0, inside[0] - 1)
                self._ends[number] = inside[-1]

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        found: list[Delivery] = []
        for number, tracker in self._trackers.items():
            found += read(self._channel.partitions[number][: self._ends[number]], tracker, max_messages - len(found))
        return found

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers, deliveries):
            tracker.acknowledge(positions)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers, deliveries):
            tracker.release(positions)

    async def close(self) -> None:
        self._trackers.clear()


def read(log: Sequence[Stored], tracker: Tracker, limit: int) -> list[Delivery]:
    """What comes next in a partition, but for what is done already."""
    first = tracker.read
    found = [
        delivery(stored, tracker, position)
        for position, stored in enumerate(log[first : first + limit], first + 1)
        if tracker.deliver(position)
    ]
    return found


def delivery(stored: Stored, tracker: Tracker, position: int) -> Delivery:
    decoded = decode(stored.headers, stored.body, KAFKA, stored.appended_at)
    return Delivery(
        address=stored.address,
        partition=tracker.number,
        position=str(position),
        key=stored.key,
        headers=stored.headers,
        body=stored.body,
        envelope=decoded.envelope,
        problem=decoded.problem,
        appended_at=stored.appended_at,
        token=Token(tracker.partition, tracker.epoch, position),
    )
