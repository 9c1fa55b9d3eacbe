"""Reads a range of time again, on subscriptions of its own: the group and its workers notice nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.transports import Delivery, ReplayRange
from eda_runtime.transports.pubsub.connection import Connection, broker_errors
from eda_runtime.transports.pubsub.family import subscriptions_of
from eda_runtime.transports.pubsub.names import topic_id, topic_path
from eda_runtime.transports.pubsub.receiver import GroupReceiver
from eda_runtime.transports.pubsub.source import Source
from eda_runtime.transports.pubsub.temporary import drop, from_time

__all__ = ["ReplayReceiver", "open_replay"]


async def open_replay(connection: Connection, policy: ReceivePolicy, wanted: ReplayRange) -> ReplayReceiver:
    """What is published later than now is not part of it."""
    options = connection.options
    # Google's emulator cannot set an ordered subscription to a time; without order it delivers as it was published.
    ordered = policy.channel.ordered and not options.emulator
    sources: dict[str, Source] = {}
    with broker_errors(f"reading {policy.channel.address} again"):
        for address in (await subscriptions_of(connection, policy)).values():
            topic = topic_path(options.project, topic_id(address))
            path = await from_time(connection, topic, wanted.start, ordered=ordered)
            sources[path] = Source(connection, path, address)
    return ReplayReceiver(connection, sources, wanted.start, wanted.end or datetime.now(UTC))


class ReplayReceiver:
    def __init__(self, connection: Connection, sources: dict[str, Source], start: datetime, end: datetime) -> None:
        self._connection = connection
        self._inner = GroupReceiver(tuple(sources.values()))
        self._paths = tuple(sources)
        self._range = (start, end)
        self._closed = False

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        """The next messages of the range. Pub/Sub does not say where it ends: it has, when for a while nothing has come."""
        start, end = self._range
        while taken := await self._inner.poll(max_messages, max(timeout, self._connection.options.quiet_seconds)):
            found = [each for each in taken if start <= each.appended_at <= end]
            await self._inner.acknowledge([each for each in taken if each not in found])
            if found:
                return found
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        await self._inner.acknowledge(deliveries)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._inner.release(deliveries)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._inner.close()
            await asyncio.gather(*(drop(self._connection, path) for path in self._paths))
