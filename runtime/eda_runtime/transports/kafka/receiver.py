"""A member of a consumer group. All state is the event loop's; the pump's thread only brings and commits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from confluent_kafka import TopicPartition

from eda_runtime.errors import TransportError
from eda_runtime.transports import Delivery
from eda_runtime.transports.kafka.assigned import Assigned
from eda_runtime.transports.kafka.messages import Record
from eda_runtime.transports.kafka.options import KafkaOptions
from eda_runtime.transports.kafka.pump import Pump, consuming
from eda_runtime.transports.signal import Signal
from eda_runtime.transports.tracker import Tracker, tracked

__all__ = ["GroupReceiver"]

ENOUGH_MESSAGES = 2_000
ENOUGH_BYTES = 16_000_000
JOIN_SECONDS = 10.0
COMMIT_PAUSE = 1.0
log = logging.getLogger(__name__)


class GroupReceiver:
    """Call `join` before the first poll."""

    def __init__(self, options: KafkaOptions, group: str) -> None:
        self.closed = False
        self.full = False
        self.idle = True
        self._options = options
        self._group = group
        self._ids: dict[tuple[str, int], int] = {}
        self._held: dict[int, Assigned] = {}
        self._epoch = 0
        self._turn = 0
        self._failure: str | None = None
        self._joined = asyncio.Event()
        self._arrival = Signal()
        self._progress = Signal()
        self._pump: Pump | None = None

    async def join(self, topic: str) -> None:
        """Join the group, and wait for the first share of partitions, which may be none."""
        self._pump = Pump(consuming(self._options, self._group), topic, self)
        try:
            async with asyncio.timeout(JOIN_SECONDS):
                await self._joined.wait()
        except TimeoutError:
            log.info("%s: no partitions yet, the group is still balancing", self._group)

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while not self.closed:
            ticket = self._arrival.ticket()
            if self._failure:
                raise TransportError(f"Kafka: {self._group} cannot consume: {self._failure}")
            found = self._take(max_messages)
            if found or clock() >= deadline:
                return found
            await Signal.wait(ticket, deadline - clock())
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers(), deliveries):
            self._held[tracker.partition].acknowledge(positions)
        self._commit()
        self._measure()
        self._progress.fire()

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers(), deliveries):
            self._held[tracker.partition].release(positions)
        self._progress.fire()
        self._arrival.fire()

    async def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._arrival.fire()
        self._progress.fire()
        if self._pump:
            await self._pump.close()

    def arrived(self, records: Sequence[Record]) -> None:
        for record in records:
            error = record.error()
            mine = self._held.get(self._id(record.topic() or "", record.partition() or 0))
            if error is not None:
                self.failed(error.str())
            elif mine is not None:
                mine.arrived(record)
        self._measure()
        self._arrival.fire()

    def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self._epoch += 1
        for each in partitions:
            partition = self._id(each.topic, each.partition)
            tracker = Tracker(partition, each.partition, self._epoch, -1)
            self._held[partition] = Assigned(each.topic, tracker)
        self._joined.set()

    async def revoked(self, partitions: Sequence[TopicPartition]) -> Sequence[TopicPartition]:
        """Hand out no more of these, and wait until what is in hand is done, for the grace period at most."""
        going = [self._held[id] for id in map(self._id_of, partitions) if id in self._held]
        for each in going:
            each.tracker.draining = True
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._options.grace.total_seconds()
        ticket = self._progress.ticket()
        while not self.closed and not all(each.tracker.idle for each in going) and clock() < deadline:
            await Signal.wait(ticket, deadline - clock())
            ticket = self._progress.ticket()
        self.lost(partitions)
        return [each.commit for each in going if each.tracker.cursor >= 0]

    def lost(self, partitions: Sequence[TopicPartition]) -> None:
        for partition in map(self._id_of, partitions):
            self._held.pop(partition, None)
        self._measure()

    def not_committed(self, reason: str) -> None:
        """Commit once more after a while; what a rebalance took away is no longer ours to commit."""
        log.info("%s: a commit failed and is repeated: %s", self._group, reason)
        for each in self._held.values():
            each.tracker.saved = -1
        if not self.closed:
            asyncio.get_running_loop().call_later(COMMIT_PAUSE, self._commit)

    def failed(self, reason: str) -> None:
        self._failure = reason
        self._joined.set()
        self._arrival.fire()

    def _take(self, limit: int) -> list[Delivery]:
        """Another partition first each time, so that none waits for ever."""
        self._turn += 1
        ready = [each for each in self._held.values() if each.waiting]
        start = self._turn % len(ready) if ready else 0
        found: list[Delivery] = []
        for each in ready[start:] + ready[:start]:
            found += each.take(limit - len(found))
        self._measure()
        return found

    def _commit(self) -> None:
        moved = [each for each in self._held.values() if each.tracker.cursor > each.tracker.saved]
        if moved and self._pump and not self.closed:
            self._pump.commit([each.commit for each in moved])
            for each in moved:
                each.tracker.saved = each.tracker.cursor

    def _measure(self) -> None:
        """Whether enough waits; if so, until half of it is gone. And whether anything is under way at all."""
        share = 0.5 if self.full else 1.0
        records = sum(len(each.waiting) for each in self._held.values())
        octets = sum(each.octets for each in self._held.values())
        self.idle = not any(each.waiting or each.in_hand for each in self._held.values())
        self.full = records > ENOUGH_MESSAGES * share or octets > ENOUGH_BYTES * share

    def _trackers(self) -> dict[int, Tracker]:
        return {partition: each.tracker for partition, each in self._held.items()}

    def _id_of(self, partition: TopicPartition) -> int:
        return self._id(partition.topic, partition.partition)

    def _id(self, topic: str, number: int) -> int:
        """A pattern may bring partitions of several topics: each has one number here."""
        return self._ids.setdefault((topic, number), len(self._ids))
