"""One worker's share of a consumer group: the queues of its place among the workers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.errors import ConfigurationError, EdaError, TransportError
from eda_runtime.transports import Delivery
from eda_runtime.transports.amqp.beats import Held
from eda_runtime.transports.amqp.connection import Connection
from eda_runtime.transports.amqp.feed import Feed
from eda_runtime.transports.amqp.layout import is_family, work_queues
from eda_runtime.transports.amqp.roll import Roll
from eda_runtime.transports.signal import Signal
from eda_runtime.transports.tracker import Tracker, tracked

__all__ = ["GroupReceiver", "find_queues"]

AHEAD = 2
"""Batches of a queue that the server may send ahead."""


async def find_queues(connection: Connection, policy: ReceivePolicy, group: str) -> list[str]:
    """The queues of a group: one a partition, or one for all where that is what there is.

    Raises `ConfigurationError` unless they are there, all of them.
    """
    channel = policy.channel
    if not is_family(channel):
        partitions = max(channel.partitions, await connection.partitions_of(channel.address))
        policy = replace(policy, channel=replace(channel, partitions=partitions))
    wanted = [queue.name for queue in work_queues(policy, group)]
    missing = [name for name in wanted if await connection.ready_in(name) is None]
    if not missing:
        return wanted
    if len(missing) == len(wanted) and await connection.ready_in(group) is not None:
        return [group]
    raise ConfigurationError(f"queue {', '.join(missing)} does not exist: run `eda provision` first")


class GroupReceiver:
    """Call `join` before the first poll. It ends with its connection: `poll` then raises, and the worker joins anew."""

    def __init__(self, connection: Connection, policy: ReceivePolicy, group: str, queues: Sequence[str]) -> None:
        self._connection = connection
        self._queues = queues
        self._shared = len(queues) == 1 and not policy.channel.ordered
        self._prefetch = policy.batch * AHEAD
        self._roll = Roll(connection, group, self._report, self._wake)
        self._held: dict[int, Feed] = {}
        self._epoch = 0
        self._turn = 0
        self._failure: EdaError | None = None
        self._closed = False
        self._arrival = Signal()
        self._change = Signal()
        self._balancing: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Learn who else is there, and begin to read our share."""
        try:
            await self._roll.join(self._fail)
            await self._balance()
        except BaseException:
            await self.close()
            raise
        self._balancing = asyncio.create_task(self._keep_balance(), name="eda-balance")

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while not self._closed:
            ticket = self._arrival.ticket()
            if self._failure:
                raise self._failure
            found = self._take(max_messages)
            if found or clock() >= deadline:
                return found
            await Signal.wait(ticket, deadline - clock())
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, tags in tracked(self._trackers(), deliveries):
            await self._held[tracker.partition].acknowledge(tags)
            if tracker.draining:
                self._wake()

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, tags in tracked(self._trackers(), deliveries):
            self._held[tracker.partition].release(tags)
            if tracker.draining:
                self._wake()
        self._arrival.fire()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._arrival.fire()
        self._change.fire()
        if self._balancing:  # not cancelled: of a channel that is half open the client loses track
            await asyncio.wait({self._balancing})
        feeds, self._held = list(self._held.values()), {}
        await asyncio.gather(*(feed.close() for feed in feeds))
        await self._roll.leave()

    async def _keep_balance(self) -> None:
        while not self._closed:
            ticket = self._change.ticket()
            try:
                await self._balance()
            except EdaError as error:
                return self._fail(error)
            except Exception as error:  # noqa: BLE001  the client's own mishaps too must reach who polls
                return self._fail(TransportError(f"RabbitMQ: {error!r}"))
            await ticket.wait()

    async def _balance(self) -> None:
        """Read what is ours, and give the rest back once nothing of it is in hand."""
        mine = self._share()
        for number in mine - self._held.keys():
            self._epoch += 1
            feed = Feed(self._queues[number], Tracker(number, number, self._epoch, 0), self._arrival.fire, self._fail)
            self._held[number] = feed
            await feed.open(self._connection, self._prefetch)
        for number, feed in tuple(self._held.items()):
            feed.tracker.draining = number not in mine
            if feed.tracker.draining and feed.tracker.idle:
                del self._held[number]
                await feed.close()
        self._arrival.fire()

    def _share(self) -> set[int]:
        if self._shared:
            return {0}
        place, workers = self._roll.place
        return set(range(place, len(self._queues), workers))

    def _take(self, limit: int) -> list[Delivery]:
        """Another queue first each time, so that none waits for ever."""
        self._turn += 1
        ready = [(number, feed) for number, feed in self._held.items() if feed.waiting]
        start = self._turn % len(ready) if ready else 0
        found: list[Delivery] = []
        for number, feed in ready[start:] + ready[:start]:
            found += feed.take(limit - len(found), number)
        return found

    def _report(self) -> Held:
        return {feed.queue: feed.report for feed in self._held.values()}

    def _wake(self) -> None:
        self._change.fire()

    def _fail(self, error: EdaError) -> None:
        if not self._closed:
            self._failure = error
            self._arrival.fire()

    def _trackers(self) -> dict[int, Tracker]:
        return {number: feed.tracker for number, feed in self._held.items()}
