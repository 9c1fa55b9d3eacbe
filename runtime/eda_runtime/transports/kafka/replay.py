"""Reads a range of time again, by an assignment of its own: the group's positions and its members notice nothing."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import Consumer, TopicPartition

from eda_runtime.errors import TransportError
from eda_runtime.transports import Delivery, ReplayRange
from eda_runtime.transports.kafka.ahead import Ahead, look_ahead
from eda_runtime.transports.kafka.assigned import Assigned
from eda_runtime.transports.kafka.cluster import REQUEST_SECONDS, broker_errors
from eda_runtime.transports.kafka.messages import Record, is_end, offset_of, partition_of
from eda_runtime.transports.kafka.options import KafkaOptions
from eda_runtime.transports.kafka.pump import BATCH, consuming
from eda_runtime.transports.tracker import Tracker, tracked

__all__ = ["ReplayReceiver", "open_replay"]

PATIENCE_SECONDS = 30.0
NO_EPOCH = 0


@dataclass(frozen=True, slots=True)
class Range:
    """A partition from an offset on; up to the offset `end`, which is not part of it, or to its own end."""

    topic: str
    number: int
    start: int
    end: int | None

    @property
    def assignment(self) -> TopicPartition:
        return TopicPartition(self.topic, self.number, self.start)


async def open_replay(
    options: KafkaOptions, group: str, topics: Mapping[str, int], wanted: ReplayRange
) -> ReplayReceiver:
    """Fix the range now: what is appended later is not part of it."""
    consumer = Consumer({**consuming(options, group), "enable.partition.eof": True})
    with broker_errors("finding the offsets of a time"):
        ranges = await asyncio.to_thread(find_ranges, consumer, topics, wanted)
        ahead = await asyncio.to_thread(look_ahead, consumer, [each.assignment for each in ranges])
    return ReplayReceiver(consumer, ranges, ahead)


def find_ranges(consumer: Consumer, topics: Mapping[str, int], wanted: ReplayRange) -> list[Range]:
    partitions = [(topic, number) for topic, count in topics.items() for number in range(count)]
    starts = at_time(consumer, partitions, max(0, math.ceil(milliseconds(wanted.start))))
    if wanted.end is None:
        ends: list[int | None] = [None] * len(partitions)
    else:
        ends = [*at_time(consumer, partitions, math.floor(milliseconds(wanted.end)) + 1)]
    return [
        Range(*partition, start, end)
        for partition, start, end in zip(partitions, starts, ends, strict=True)
        if start is not None and (end is None or start < end)
    ]


def milliseconds(time: datetime) -> float:
    return time.timestamp() * 1000


def at_time(consumer: Consumer, partitions: Sequence[tuple[str, int]], time: int) -> list[int | None]:
    """The first offset of each partition that is no older than `time`, in milliseconds, if there is one."""
    asked = [TopicPartition(topic, number, time) for topic, number in partitions]
    found = {(each.topic, each.partition): each.offset for each in consumer.offsets_for_times(asked, REQUEST_SECONDS)}
    return [found[partition] if found[partition] >= 0 else None for partition in partitions]


class ReplayReceiver:
    def __init__(self, consumer: Consumer, ranges: Sequence[Range], ahead: Mapping[tuple[str, int], Ahead]) -> None:
        self._consumer = consumer
        self._held: dict[tuple[str, int], Assigned] = {}
        self._left: dict[tuple[str, int], int] = {}
        for index, each in enumerate(ranges):
            partition = (each.topic, each.number)
            self._held[partition] = Assigned(each.topic, Tracker(index, each.number, NO_EPOCH, each.start - 1))
            self._left[partition] = ahead[partition].end if each.end is None else each.end
        self._trackers = {each.tracker.partition: each.tracker for each in self._held.values()}
        self._polling = asyncio.Lock()
        self._closed = False
        for partition, found in ahead.items():
            for record in found.records:
                self._arrived(record)
            if found.ended:
                self._left.pop(partition, None)

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        """The next messages of the range, however long the broker takes; nothing once it is exhausted."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + max(timeout, PATIENCE_SECONDS)
        async with self._polling:
            while not self._closed:
                found: list[Delivery] = []
                for each in self._held.values():
                    found += each.take(max_messages - len(found))
                if found or not self._left:
                    return found
                if clock() > deadline:
                    raise TransportError("Kafka: a replay waited for its messages in vain")
                for record in await asyncio.to_thread(self._consumer.consume, BATCH, 0.1):
                    self._arrived(record)
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers, deliveries):
            self._assigned(tracker).acknowledge(positions)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers, deliveries):
            self._assigned(tracker).release(positions)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            async with self._polling:
                await asyncio.to_thread(self._consumer.close)

    def _assigned(self, tracker: Tracker) -> Assigned:
        return next(each for each in self._held.values() if each.tracker is tracker)

    def _arrived(self, record: Record) -> None:
        """Keep what is inside the range. A record past it, or the partition's own end, says that there is no more."""
        error, partition = record.error(), partition_of(record)
        if error is not None and not is_end(record):
            raise TransportError(f"Kafka: a replay failed: {error.str()}")
        end = self._left.get(partition)
        if end is None:
            return
        if not is_end(record) and offset_of(record) < end:
            self._held[partition].arrived(record)
        if is_end(record) or offset_of(record) >= end - 1:
            del self._left[partition]
