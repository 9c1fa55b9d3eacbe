"""A worker of a group: reads the partitions that it is dealt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from eda_runtime.errors import TransportError
from eda_runtime.transports import Delivery
from eda_runtime.transports.ledger import Member, Register
from eda_runtime.transports.nats.connection import Connection, RefusedError
from eda_runtime.transports.nats.feed import Consumer, Feed
from eda_runtime.transports.signal import Signal
from eda_runtime.transports.tracker import Tracker, tracked

__all__ = ["GroupReceiver"]

log = logging.getLogger(__name__)


class GroupReceiver:
    """Call `join` before the first poll."""

    def __init__(self, connection: Connection, consumers: Sequence[Consumer], register: Register, lease: float) -> None:
        self.closed = False
        self._connection = connection
        self._consumers = consumers
        self._member = Member(register, self, len(consumers), lease)
        self._feeds: dict[int, Feed] = {}
        self._arrival = Signal()
        self._failure: str | None = None
        self._epoch = 0
        self._turn = 0

    async def join(self) -> None:
        await self._member.join()

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while not self.closed:
            ticket = self._arrival.ticket()
            if self._failure:
                raise TransportError(self._failure)
            self._member.check()
            found = await self._take(max_messages)
            if found or clock() >= deadline:
                return found
            await Signal.wait(ticket, deadline - clock())
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        found = tracked(self._trackers(), deliveries)
        await asyncio.gather(*(self._feeds[tracker.number].acknowledge(positions) for tracker, positions in found))
        self._wake_if_drained()

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers(), deliveries):
            self._feeds[tracker.number].release(positions)
        self._wake_if_drained()
        self._arrival.fire()

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            self._arrival.fire()
            await self._member.leave()

    def held(self) -> Mapping[int, bool]:
        return {number: feed.tracker.idle for number, feed in self._feeds.items()}

    async def take(self, number: int) -> None:
        self._epoch += 1
        feed = Feed(self._connection, self._consumers[number], self._epoch, self._something_arrived, self._member.wake)
        with self._failing_where_missing():
            await feed.open()
        self._feeds[number] = feed

    def drain(self, numbers: Collection[int]) -> None:
        for number, feed in self._feeds.items():
            feed.tracker.draining = number in numbers

    async def give_back(self, number: int) -> None:
        await self._feeds.pop(number).close()

    async def lose(self, number: int) -> None:
        await self._feeds.pop(number).close()

    async def tend(self) -> None:
        for feed in tuple(self._feeds.values()):
            with self._failing_where_missing():
                await feed.tend()

    @contextmanager
    def _failing_where_missing(self) -> Iterator[None]:
        """A consumer that is gone is for a person to see."""
        try:
            yield
        except RefusedError as error:
            if error.missing:
                self._failure = f"{error}: run `eda provision`"
                self._arrival.fire()
            raise

    async def _take(self, limit: int) -> list[Delivery]:
        """Another partition first each time, so that none waits for ever."""
        self._turn += 1
        feeds = list(self._feeds.values())
        start = self._turn % len(feeds) if feeds else 0
        found: list[Delivery] = []
        for feed in feeds[start:] + feeds[:start]:
            if self._member.alive and not self.closed and len(found) < limit:
                found += await feed.take(limit - len(found))
        return found

    def _something_arrived(self) -> None:
        self._arrival.fire()

    def _wake_if_drained(self) -> None:
        if any(feed.tracker.draining and feed.tracker.idle for feed in self._feeds.values()):
            self._member.wake()

    def _trackers(self) -> dict[int, Tracker]:
        return {number: feed.tracker for number, feed in self._feeds.items()}
