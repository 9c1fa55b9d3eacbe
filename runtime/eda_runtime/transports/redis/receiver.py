"""A worker of a group: reads the partitions that it is dealt, and moves the group's positions.

A group's position in a stream is what it has acknowledged without a gap. Only the owner by the ledger moves it, which the
server checks in the same step; reading changes nothing. So what a dead worker had in hand is read again by the next one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from redis.asyncio import Redis

from eda_runtime.errors import TransportError
from eda_runtime.transports import Delivery
from eda_runtime.transports.ledger import Member
from eda_runtime.transports.redis.channels import Channel
from eda_runtime.transports.redis.connection import MissingError, answering
from eda_runtime.transports.redis.messages import delivery
from eda_runtime.transports.redis.names import ledger_key, stream_key
from eda_runtime.transports.redis.register import HashRegister
from eda_runtime.transports.redis.scripts import MOVE_CURSOR
from eda_runtime.transports.redis.streams import Entry, entries_after, id_of, state_of
from eda_runtime.transports.signal import Signal
from eda_runtime.transports.tracker import Tracker, tracked

__all__ = ["GroupReceiver"]

BLOCK_SECONDS = 0.25
PAUSE_SECONDS = 0.5
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Partition:
    """A partition that is ours. `counts` tells, for each message read, how many the group will have read with it."""

    stream: str
    tracker: Tracker
    count: int
    counts: dict[int, int] = field(default_factory=dict)

    def deliver(self, position: int) -> bool:
        if position not in self.counts:
            self.count += 1
            self.counts[position] = self.count
        return self.tracker.deliver(position)

    def saved(self, cursor: int) -> None:
        self.tracker.saved = cursor
        self.counts = {position: count for position, count in self.counts.items() if position > cursor}


class GroupReceiver:
    """Call `join` before the first poll."""

    def __init__(self, client: Redis, channel: Channel, group: str, lease: float) -> None:
        self.closed = False
        self._client = client
        self._channel = channel
        self._group = group
        self._ledger = ledger_key(group, channel.address)
        self._member = Member(HashRegister(client, self._ledger), self, channel.partitions, lease)
        self._move = client.register_script(MOVE_CURSOR)
        self._held: dict[int, Partition] = {}
        self._dealt = Signal()
        self._polling = asyncio.Lock()
        self._saving = asyncio.Lock()
        self._failure: str | None = None
        self._epoch = 0
        self._turn = 0

    async def join(self) -> None:
        await self._member.join()

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        async with self._polling:
            while not self.closed:
                ticket = self._dealt.ticket()
                self._raise_failure()
                left = max(0.0, deadline - clock())
                readable = [each for each in self._held.values() if not each.tracker.draining]
                if readable and self._member.alive:
                    found = await self._read(readable, max_messages, min(left, BLOCK_SECONDS))
                    if found:
                        return found
                else:
                    await Signal.wait(ticket, min(left, BLOCK_SECONDS))
                if clock() >= deadline:
                    return ()
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers(), deliveries):
            tracker.acknowledge(positions)
        try:
            await self._save(tuple(self._held.values()))
        except TransportError as error:
            log.info("%s: positions are not saved yet: %s", self._group, error)
        self._wake_if_drained()

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers(), deliveries):
            tracker.release(positions)
        self._wake_if_drained()

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._dealt.fire()
            async with self._polling:
                await self._member.leave()

    def held(self) -> Mapping[int, bool]:
        return {number: each.tracker.idle for number, each in self._held.items()}

    async def take(self, number: int) -> None:
        self._epoch += 1
        stream = stream_key(self._channel.address, number)
        with self._failing_where_missing():
            state = await state_of(self._client, stream, self._group)
        self._held[number] = Partition(stream, Tracker(number, number, self._epoch, state.position), state.read)
        self._dealt.fire()

    def drain(self, numbers: Collection[int]) -> None:
        for number, each in self._held.items():
            each.tracker.draining = number in numbers

    async def give_back(self, number: int) -> None:
        await self._save((self._held.pop(number),))

    async def lose(self, number: int) -> None:
        del self._held[number]

    async def tend(self) -> None:
        with self._failing_where_missing():
            await self._save(tuple(self._held.values()))

    async def _read(self, readable: Sequence[Partition], limit: int, patience: float) -> list[Delivery]:
        """Each partition the same share; where there are more partitions than messages wanted, others each time."""
        self._turn += 1
        start = self._turn % len(readable)
        asked = [*readable[start:], *readable[:start]][:limit]
        starts = {each.stream: each.tracker.read for each in asked}
        try:
            share, block = max(1, limit // len(asked)), max(1, int(patience * 1000))
            answer = await entries_after(self._client, starts, share, block)
        except TransportError as error:
            log.warning("%s cannot read, trying again: %s", self._group, error)
            await asyncio.sleep(PAUSE_SECONDS)
            return []
        found: list[Delivery] = []
        for each in asked:
            found += self._deliver(each, starts[each.stream], answer.get(each.stream, ()))
        return found

    def _deliver(self, partition: Partition, start: int, entries: Sequence[Entry]) -> list[Delivery]:
        tracker = partition.tracker
        if self._held.get(tracker.number) is not partition or tracker.draining or not self._member.alive or self.closed:
            return []  # dealt to another worker meanwhile
        if tracker.read != start:
            return []  # released meanwhile: to be read from there
        address = self._channel.address
        return [
            delivery(address, each, tracker.number, tracker.epoch)
            for each in entries
            if partition.deliver(each.position)
        ]

    async def _save(self, partitions: Sequence[Partition]) -> None:
        """Move the group's positions to where ours are; a partition that is another's by now moves nothing."""
        async with self._saving:
            for each in partitions:
                cursor = each.tracker.cursor
                if cursor > each.tracker.saved:
                    await self._move_cursor(each, cursor)

    async def _move_cursor(self, partition: Partition, cursor: int) -> None:
        number = partition.tracker.number
        arguments = (str(number), self._member.worker, self._group, id_of(cursor), partition.counts[cursor])
        async with answering("acknowledging"):
            moved = await self._move([self._ledger, partition.stream], arguments)
        if moved:
            partition.saved(cursor)
        else:
            self._member.wake()

    @contextmanager
    def _failing_where_missing(self) -> Iterator[None]:
        """A stream or a group that is gone is for a person to see."""
        try:
            yield
        except MissingError as error:
            self._failure = str(error)
            self._dealt.fire()
            raise

    def _raise_failure(self) -> None:
        if self._failure:
            raise TransportError(self._failure)
        self._member.check()

    def _wake_if_drained(self) -> None:
        if any(each.tracker.draining and each.tracker.idle for each in self._held.values()):
            self._member.wake()

    def _trackers(self) -> dict[int, Tracker]:
        return {number: each.tracker for number, each in self._held.items()}
