"""The workers of a group: each hears of the others, so that it knows its share of the queues.

A share is only a proposal: a queue has one active consumer, whatever its readers believe. Each worker also says what it holds,
which the server does not tell; whoever asks for the lag hears it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from uuid import uuid4

from eda_runtime.errors import TransportError
from eda_runtime.tasks import end
from eda_runtime.transports.amqp.beats import Beat, Held, Stream
from eda_runtime.transports.amqp.connection import Connection
from eda_runtime.transports.signal import Signal

__all__ = ["Roll"]

GOODBYE_SECONDS = 1.0


class Roll:
    """One worker's view of who is there. `changed` is called when somebody comes or goes."""

    def __init__(
        self, connection: Connection, group: str, report: Callable[[], Held], changed: Callable[[], None]
    ) -> None:
        self.worker = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex}"
        self._lease = connection.options.lease.total_seconds()
        self._stream = Stream(connection, group, self._on_beat)
        self._report = report
        self._changed = changed
        self._others: dict[str, float] = {}
        self._bell = Signal()
        self._heard_myself = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Our place among the workers, from 0, and how many there are."""
        ranked = sorted((self.worker, *self._others))
        return ranked.index(self.worker), len(ranked)

    async def join(self, failed: Callable[[TransportError], None]) -> None:
        """Say that we are there, and hear who else is."""
        await self._stream.open(
            ended=lambda: failed(TransportError("RabbitMQ: the other workers cannot be heard any more"))
        )
        await self._stream.say(Beat(self.worker, call=self.worker))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._lease):
                await self._heard_myself.wait()
        self._keeping = asyncio.create_task(self._keep(failed), name="eda-roll")

    async def leave(self) -> None:
        if self._keeping:
            await end(self._keeping)
            with suppress(TransportError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._stream.say(Beat(self.worker, leaves=True))
        await self._stream.close()

    async def _keep(self, failed: Callable[[TransportError], None]) -> None:
        while True:
            ticket = self._bell.ticket()
            try:
                await self._stream.say(Beat(self.worker, self._report()))
            except TransportError as error:
                return failed(error)
            except Exception as error:  # noqa: BLE001  the client's own mishaps too must reach who polls
                return failed(TransportError(f"RabbitMQ: {error!r}"))
            await Signal.wait(ticket, self._lease / 3)
            self._forget()

    def _on_beat(self, beat: Beat, _: datetime) -> None:
        if beat.worker == self.worker:
            self._heard_myself.set()
            return
        if beat.call:
            self._bell.fire()
        if beat.worker:
            known = beat.worker in self._others
            self._others[beat.worker] = time.monotonic()
            if beat.leaves:
                del self._others[beat.worker]
            if known == beat.leaves:
                self._changed()

    def _forget(self) -> None:
        """Those that have been silent for a lease."""
        silent = [worker for worker, heard in self._others.items() if time.monotonic() - heard > self._lease]
        for worker in silent:
            del self._others[worker]
        if silent:
            self._changed()
