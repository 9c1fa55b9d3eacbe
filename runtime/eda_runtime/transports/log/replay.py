"""Reads a range of the log again, for one group, without leases and without moving its cursors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eda_runtime.transports import Delivery, ReplayRange
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.channels import Channel
from eda_runtime.transports.log.database import Connection, Database
from eda_runtime.transports.log.messages import delivery, microseconds
from eda_runtime.transports.tracker import Tracker, tracked

__all__ = ["ReplayReceiver", "open_replay"]

NO_EPOCH = 0


async def open_replay(database: Database, channel: Channel, wanted: ReplayRange) -> ReplayReceiver:
    """Fix the range now: what is appended later is not part of it."""
    start = microseconds(wanted.start)
    end = microseconds(wanted.end) if wanted.end else 2**62
    async with database.reading() as connection:
        rows = await connection.fetch(sql.RANGE, channel.id, start, end)
    trackers = {partition: Tracker(partition, number, NO_EPOCH, first - 1) for partition, number, first, _ in rows}
    return ReplayReceiver(database, trackers, {partition: last for partition, _, _, last in rows})


class ReplayReceiver:
    def __init__(self, database: Database, trackers: dict[int, Tracker], ends: Mapping[int, int]) -> None:
        self._database = database
        self._trackers = trackers
        self._ends = ends

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        """The next messages of the range, at once; nothing once it is exhausted."""
        found: list[Delivery] = []
        async with self._database.reading() as connection:
            for tracker in self._trackers.values():
                if len(found) < max_messages:
                    found += await self._read(connection, tracker, max_messages - len(found))
        return found

    async def _read(self, connection: Connection, tracker: Tracker, limit: int) -> list[Delivery]:
        rows = await connection.fetch(sql.READ, tracker.partition, tracker.read, self._ends[tracker.partition], limit)
        return [delivery(row, tracker.partition, tracker.number, NO_EPOCH) for row in rows if tracker.deliver(row[0])]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers, deliveries):
            tracker.acknowledge(positions)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._trackers, deliveries):
            tracker.release(positions)

    async def close(self) -> None:
        self._trackers.clear()
