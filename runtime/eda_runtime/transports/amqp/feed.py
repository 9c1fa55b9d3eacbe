"""One queue, read by one worker on a channel of its own.

A message is never given back by itself: it would come again behind later ones of its key. What is released is kept here and handed
out again; a queue is given back whole, by closing the channel, which puts what is not acknowledged back to its place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelNotFoundEntity
from aiormq.abc import AbstractChannel as Wire
from aiormq.abc import DeliveredMessage

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports import Delivery
from eda_runtime.transports.amqp.connection import REQUEST_SECONDS, Connection, broker_errors, discard
from eda_runtime.transports.amqp.messages import delivery, sent_at, tag_of
from eda_runtime.transports.tracker import Token, Tracker

__all__ = ["Feed"]


class Feed:
    """Positions are delivery tags, which count what came on the channel."""

    def __init__(
        self, queue: str, tracker: Tracker, arrived: Callable[[], None], failed: Callable[[TransportError], None]
    ) -> None:
        self.queue = queue
        self.tracker = tracker
        self.waiting: deque[DeliveredMessage] = deque()
        self._in_hand: dict[int, DeliveredMessage] = {}
        self._unacknowledged: dict[int, DeliveredMessage] = {}
        self._arrived = arrived
        self._failed = failed
        self._channel: AbstractChannel | None = None
        self._wire: Wire | None = None

    @property
    def report(self) -> tuple[int, int | None]:
        """How many messages the server has given us and still counts as its own, and when the oldest was sent (ms)."""
        oldest = min((sent_at(each).timestamp() for each in self._unacknowledged.values()), default=None)
        return len(self._unacknowledged), None if oldest is None else int(oldest * 1000)

    async def open(self, connection: Connection, prefetch: int) -> None:
        """Raises `ConfigurationError` where there is no such queue."""
        self._channel = await connection.channel(prefetch)
        try:
            with broker_errors(f"reading {self.queue}"):
                self._wire = await self._channel.get_underlay_channel()
                self._wire.closing.add_done_callback(lambda _: self._lost("the channel was closed"))
                self._wire.on_consumer_cancel_callbacks.add(lambda _: self._lost("the server took it away"))
                await self._wire.basic_consume(self.queue, self._on_message, timeout=REQUEST_SECONDS)
        except TransportError as error:
            await self.close()
            if isinstance(error.__cause__, ChannelNotFoundEntity):
                raise ConfigurationError(f"queue {self.queue} does not exist: run `eda provision` first") from error
            raise

    async def close(self) -> None:
        """Nothing may be acknowledged from now on: on a channel that is closing, the server ends the whole connection."""
        self._failed, self._wire = _nothing, None
        if self._channel is not None:
            await discard(self._channel)

    def take(self, limit: int, number: int) -> list[Delivery]:
        taken: list[Delivery] = []
        while self.waiting and len(taken) < limit and not self.tracker.draining:
            message = self.waiting.popleft()
            tag = tag_of(message)
            if self.tracker.deliver(tag):
                self._in_hand[tag] = message
                taken.append(delivery(message, number, Token(self.tracker.partition, self.tracker.epoch, tag)))
        return taken

    async def acknowledge(self, tags: Iterable[int]) -> None:
        """Say so at once, even behind a gap: each message is acknowledged for itself."""
        done = {tag for tag in tags if tag in self._unacknowledged}
        self.tracker.acknowledge(done)
        first = self._first_of_all(done)
        for tag in done:
            self._in_hand.pop(tag, None)
            del self._unacknowledged[tag]
        behind_a_gap = sorted(tag for tag in done if tag > first)
        try:
            with broker_errors(f"acknowledging what {self.queue} gave"):
                if first and self._wire:
                    await self._wire.basic_ack(first, multiple=True, wait=False)
                for tag in behind_a_gap:
                    if self._wire:
                        await self._wire.basic_ack(tag, wait=False)
        except TransportError as error:
            self._failed(error)

    def release(self, tags: Iterable[int]) -> None:
        """Put these and what follows them back before what waits."""
        self.tracker.release(tags)
        back = sorted(tag for tag in self._in_hand if tag > self.tracker.read)
        for tag in reversed(back):
            self.waiting.appendleft(self._in_hand.pop(tag))

    def _first_of_all(self, done: set[int]) -> int:
        """The last of those that lie before everything not done; 0 if there is none."""
        last = 0
        for tag in self._unacknowledged:
            if tag not in done:
                break
            last = tag
        return last

    def _lost(self, why: str) -> None:
        self._failed(TransportError(f"RabbitMQ: {self.queue} cannot be read: {why}"))

    async def _on_message(self, message: DeliveredMessage) -> None:
        self._unacknowledged[tag_of(message)] = message
        self.waiting.append(message)
        self._arrived()


def _nothing(_: TransportError) -> None:
    """What a closed feed has to tell."""
