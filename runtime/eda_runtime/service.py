"""What the roles of a running service share."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from eda_runtime.envelope import Envelope
from eda_runtime.outbox import Outbox, Producer
from eda_runtime.settings import Settings
from eda_runtime.stores import Store
from eda_runtime.telemetry import Telemetry
from eda_runtime.transports import Transport
from eda_runtime.unit_of_work import Work, begin

__all__ = ["Bell", "Service"]

Publisher_co = TypeVar("Publisher_co", covariant=True)


class Bell:
    """Wakes the one task that waits for it; a ring while nobody waits is kept."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def wait(self, timeout: float) -> None:
        """Return when the bell rings, or after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._rung.wait()
        except TimeoutError:
            return
        self._rung.clear()


@dataclass(frozen=True, slots=True)
class Service(Generic[Publisher_co]):
    """A service with its store and its broker at hand."""

    name: str
    source: str
    publisher: Callable[[Outbox], Publisher_co]
    settings: Settings
    store: Store
    transport: Transport
    telemetry: Telemetry
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    relay_bell: Bell = field(default_factory=Bell)
    retry_bells: Mapping[str, Bell] = field(default_factory=lambda: defaultdict(Bell))
    """By consumer group."""

    def begin(self) -> AbstractAsyncContextManager[Work]:
        send = None if self.settings.one_file else self.transport.publish
        producer = Producer(self.source, self.telemetry, send)
        return begin(self.store, producer, self.relay_bell.ring)

    def publish(self, work: Work, cause: Envelope | None = None) -> Publisher_co:
        """The publisher that queues messages in `work`."""
        return self.publisher(Outbox(work.producer, work.pending, cause))

    def stop(self) -> None:
        """Ask every role to end after the batch that it has in hand."""
        self.stopping.set()
        self.relay_bell.ring()
        for bell in self.retry_bells.values():
            bell.ring()

    async def pause(self, seconds: float) -> None:
        """Sleep, unless the service is to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return
