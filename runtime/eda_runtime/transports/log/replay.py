"""Reads a range of the log again, for one group, without leases and without moving its cursors."""

from __future__ import annotations

from collections.abc import Sequence

from eda_runtime.transports import Delivery, ReplayRange
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.channels import Channel
from eda_runtime.transports.log.database import Database
from eda_runtime.transports.log.messages import Token, delivery, microseconds
from eda_runtime.transports.tracker import Tracker

__all__ = ["ReplayReceiver", "open_replay"]

NO_EPOCH = 0


async def open_replay(database: Database, channel: Channel, wanted: ReplayRange) -> ReplayReceiver:
    """Fix the range now: what is appended later is not part of it."""
    start = microseconds(wanted.start)
    end = microseconds(wanted.end) if wanted.end else 2**62
    async with database.reading() as connection:
        rows = await connection.fetch(sql.RANGE, channel.id, start, end)
    ranges = [(Tracker(partition, number, NO_EPOCH, first - 1), last) for partition, number, first, last in rows]
    return ReplayReceiver(database, ranges)


class ReplayReceiver:
    def __init__(self, database: Database, ranges: Sequence[tuple[Tracker, int]]) -> None:
        self._database = database
        self._ranges = ranges
        self._closed = False

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        """The next messages of the range, at once; nothing once it is exhausted."""
        found: list[Delivery] = []
        async with self._database.reading() as connection:
            for tracker, last in self._ranges:
                while len(found) < max_messages and tracker.read < last and not self._closed:
                    rows = await connection.fetch(
                        sql.READ, tracker.partition, tracker.read, last, max_messages - len(found)
                    )
                    if not rows:
                        break
                    found += [
                        delivery(row, tracker.partition, tracker.number, NO_EPOCH)
                        for row in rows
                        if tracker.deliver(row[0])
                    ]
        return found

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in self._tracked(deliveries):
            tracker.acknowledge(positions)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in self._tracked(deliveries):
            tracker.release(positions)

    async def close(self) -> None:
        self._closed = True

    def _tracked(self, deliveries: Sequence[Delivery]) -> list[tuple[Tracker, list[int]]]:
        tokens = [each.token for each in deliveries if isinstance(each.token, Token)]
        return [
            (tracker, [token.position for token in tokens if token.partition == tracker.partition])
            for tracker, _ in self._ranges
        ]
