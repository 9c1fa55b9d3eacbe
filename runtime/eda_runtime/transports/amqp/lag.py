"""How far groups are behind: what waits in their queues, and what their workers hold.

The server counts only the former for whoever asks by AMQP; it knows the age of neither.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.transports import Lag
from eda_runtime.transports.amqp.beats import Beat, Held, Stream
from eda_runtime.transports.amqp.connection import Connection
from eda_runtime.transports.amqp.feed import Feed
from eda_runtime.transports.signal import Signal
from eda_runtime.transports.tracker import Tracker

__all__ = ["lag_of"]

ANSWER_SECONDS = 1.0
PEEK_SECONDS = 0.5


class RollCall:
    """Asks all workers of a group what they hold, and hears what they said last where one does not answer."""

    def __init__(self, connection: Connection, group: str) -> None:
        self._lease = connection.options.lease
        self._stream = Stream(connection, group, self._on_beat)
        self._call = uuid4().hex
        self._before: dict[str, Held] = {}
        self._answers: dict[str, Held] = {}
        self._called = False
        self._heard = Signal()

    async def ask(self) -> Collection[Held]:
        await self._stream.open(since=datetime.now(UTC) - self._lease)
        try:
            await self._stream.say(Beat(worker="", call=self._call))
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._wait()
        finally:
            await self._stream.close()
        return (self._before | self._answers).values()

    async def _wait(self) -> None:
        while True:
            ticket = self._heard.ticket()
            if self._called and self._before.keys() <= self._answers.keys():
                return
            await ticket.wait()

    def _on_beat(self, beat: Beat, said_at: datetime) -> None:
        if beat.call == self._call:
            self._called = True
        elif beat.leaves or not beat.worker:
            self._before.pop(beat.worker, None)
        elif self._called:
            self._answers[beat.worker] = beat.held
        elif said_at >= datetime.now(UTC) - self._lease - timedelta(seconds=1):
            self._before[beat.worker] = beat.held
        self._heard.fire()


async def lag_of(connection: Connection, receive: ReceivePolicy, group: str, queues: Collection[str]) -> Lag:
    held = await RollCall(connection, group).ask()
    messages, oldest = 0, time.time()
    for queue in queues:
        reports = [each[queue] for each in held if queue in each]
        ready = await connection.ready_in(queue) or 0
        messages += ready + sum(count for count, _ in reports)
        times = [sent / 1000 for _, sent in reports if sent is not None]
        if ready and not reports:
            times.append(await age_of_first(connection, queue))
        oldest = min((oldest, *times))
    age = timedelta(seconds=max(0.0, time.time() - oldest)) if messages else timedelta()
    return Lag(receive.channel.address, receive.group, messages, age)


async def age_of_first(connection: Connection, queue: str) -> float:
    """When the first message of a queue that nobody reads was sent: have it given to us, and give it back."""
    arrived = asyncio.Event()
    feed = Feed(queue, Tracker(0, 0, 0, 0), arrived.set, lambda _: None)
    await feed.open(connection, prefetch=1)
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(PEEK_SECONDS):
                await arrived.wait()
        _, sent = feed.report
        return time.time() if sent is None else sent / 1000
    finally:
        await feed.close()
