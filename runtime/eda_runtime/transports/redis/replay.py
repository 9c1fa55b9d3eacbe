"""Reads a range of time again, without a group: its position and its workers notice nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from redis.asyncio import Redis

from eda_runtime.transports import Delivery, ReplayRange
from eda_runtime.transports.redis.channels import Channel
from eda_runtime.transports.redis.messages import delivery
from eda_runtime.transports.redis.streams import entries_between, id_of
from eda_runtime.transports.tracker import Tracker, tracked

__all__ = ["ReplayReceiver", "open_replay"]

NO_EPOCH = 0


async def open_replay(client: Redis, channel: Channel, wanted: ReplayRange) -> ReplayReceiver:
    """Fix the range now: what is appended later is not part of it."""
    start = f"{max(0, math.ceil(wanted.start.timestamp() * 1000))}"
    end = "+" if wanted.end is None else f"{math.floor(wanted.end.timestamp() * 1000)}"
    trackers: dict[int, Tracker] = {}
    ends: dict[int, int] = {}
    for number, stream in enumerate(channel.streams):
        first = await entries_between(client, stream, start, end, 1)
        last = await entries_between(client, stream, start, end, 1, last=True)
        if first and last:
            trackers[number] = Tracker(number, number, NO_EPOCH, first[0].position - 1)
            ends[number] = last[0].position
    return ReplayReceiver(client, channel, trackers, ends)


class ReplayReceiver:
    def __init__(self, client: Redis, channel: Channel, trackers: dict[int, Tracker], ends: dict[int, int]) -> None:
        self._client = client
        self._channel = channel
        self._trackers = trackers
        self._ends = ends

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        """The next messages of the range, at once; nothing once it is exhausted."""
        found: list[Delivery] = []
        for tracker in self._trackers.values():
            if len(found) < max_messages:
                found += await self._read(tracker, max_messages - len(found))
        return found

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers, deliveries):
            tracker.acknowledge(positions)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers, deliveries):
            tracker.release(positions)

    async def close(self) -> None:
        self._trackers.clear()

    async def _read(self, tracker: Tracker, limit: int) -> list[Delivery]:
        """The next that are not done; a page that is done already is passed over."""
        number, end = tracker.number, self._ends[tracker.number]
        while tracker.read < end:
            stream, start = self._channel.streams[number], f"({id_of(tracker.read)}"
            entries = await entries_between(self._client, stream, start, id_of(end), limit)
            address = self._channel.address
            found = [delivery(address, each, number, NO_EPOCH) for each in entries if tracker.deliver(each.position)]
            if found:
                return found
            if not entries:
                tracker.read = end
        return []
