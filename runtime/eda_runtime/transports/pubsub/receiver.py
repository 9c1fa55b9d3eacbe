"""A worker of a consumer group."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from eda_runtime.errors import TransportError
from eda_runtime.transports import Delivery
from eda_runtime.transports.pubsub.source import Source
from eda_runtime.transports.signal import Signal

__all__ = ["GroupReceiver"]


class GroupReceiver:
    """Reads one subscription; those of all its topics where an address has parameters."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._arrival = Signal()
        self._closed = False
        self._turn = 0
        for source in sources:
            source.start(self._arrival)

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        while not self._closed:
            ticket = self._arrival.ticket()
            found = self._take(max_messages)
            if found or clock() >= deadline:
                return found
            await Signal.wait(ticket, deadline - clock())
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for source in self._sources:
            await source.acknowledge(deliveries)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for source in self._sources:
            source.release(deliveries)

    async def close(self) -> None:
        self._closed = True
        self._arrival.fire()
        await asyncio.gather(*(source.close() for source in self._sources))

    def _take(self, limit: int) -> list[Delivery]:
        """Another subscription first each time, so that none waits for ever."""
        self._turn += 1
        start = self._turn % len(self._sources)
        found: list[Delivery] = []
        for source in (*self._sources[start:], *self._sources[:start]):
            if source.failure and not found:
                raise TransportError(f"Pub/Sub: {source.failure}")
            found += source.take(limit - len(found))
        return found
