"""One partition, read by one worker through its durable consumer.

The consumer numbers what it delivers from 1 on. Where a number is missing, where the connection was another meanwhile, or where
nothing is heard any more, the consumer is reset: it then begins anew after what it has as acknowledged, in order. What comes
again and is known here is passed over.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from eda_runtime.errors import TransportError
from eda_runtime.transports import Delivery
from eda_runtime.transports.nats.connection import Connection
from eda_runtime.transports.nats.messages import Received, delivery, received
from eda_runtime.transports.tracker import Token, Tracker

__all__ = ["ACKNOWLEDGE", "Consumer", "Feed"]

ENOUGH_MESSAGES = 500
ENOUGH_BYTES = 8_000_000
HEARTBEAT_SECONDS = 1.0
PULL_SECONDS = 10.0
SILENCE_SECONDS = 3.5
REPAIR_PAUSE = 0.05
PROLONG_SECONDS = 20.0
"""A third of what the consumer waits for an acknowledgement."""
NANOSECONDS = 1_000_000_000
ACKNOWLEDGE, IN_PROGRESS = b"+ACK", b"+WPI"
HEARTBEAT = "100"
HARMLESS = ("No Messages", "Request Timeout", "Batch Completed", "Message Size Exceeds MaxBytes")
"""How a pull ends that needs no more than another one."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Consumer:
    """A durable consumer of a stream, for one partition."""

    stream: str
    name: str
    number: int


class Feed:
    """Call `open` before anything else. `arrived` is called when there is something to take, `broke` when there is to `tend`."""

    def __init__(
        self,
        connection: Connection,
        consumer: Consumer,
        epoch: int,
        arrived: Callable[[], None],
        broke: Callable[[], None],
    ) -> None:
        self.tracker = Tracker(consumer.number, consumer.number, epoch, 0)
        self._connection = connection
        self._consumer = consumer
        self._arrived = arrived
        self._broke = broke
        self._waiting: dict[int, Received] = {}
        self._octets = 0
        self._in_hand: dict[int, Received] = {}
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._generation = 0
        self._expected = 0
        self._asked = 0
        self._heard_at = 0.0
        self._prolonged_at = 0.0
        self._opened_at = 0.0
        self._created = ""
        self._broken = "not open yet"

    async def open(self) -> None:
        """Begin after what the group has acknowledged. Raises `TransportError` where the consumer cannot be had."""
        await self._silence()
        self._generation = self._connection.generation
        path = f"{self._consumer.stream}.{self._consumer.name}"
        there = await self._connection.ask(f"CONSUMER.INFO.{path}")  # one that is gone would not answer to a reset
        told = await self._connection.ask(f"CONSUMER.RESET.{path}")
        self._recognize(str(there["created"]), int(told["reset_seq"]) - 1)
        self._waiting.clear()
        self._octets = 0
        self._inbox, self._subscription = await self._connection.inbox(self._on_message)
        self._expected, self._asked, self._broken = 1, 0, ""
        self._opened_at = self._prolonged_at = time.monotonic()
        await self._ask_for_more()

    async def close(self) -> None:
        """Stop reading. What waits here goes to whoever opens the partition next."""
        await self._silence()
        self._waiting.clear()

    async def tend(self) -> None:
        """Repair what is broken, and tell the server that what is here is being worked on."""
        now = time.monotonic()
        if self._generation != self._connection.generation:
            self._broken = "the connection is another"
        elif self._asked and now - self._heard_at > SILENCE_SECONDS:
            self._broken = "nothing is heard"
        if self._broken and now - self._opened_at > REPAIR_PAUSE:
            log.info("%s is reset: %s", self._consumer.name, self._broken)
            await self.open()
        elif not self._broken and now - self._prolonged_at > PROLONG_SECONDS:
            self._prolonged_at = now
            for each in (*self._in_hand.values(), *self._waiting.values()):
                await self._connection.send(each.message.reply, IN_PROGRESS)

    async def take(self, limit: int) -> list[Delivery]:
        taken: list[Delivery] = []
        while self._waiting and len(taken) < limit and not self.tracker.draining:
            position = next(iter(self._waiting))
            found = self._waiting.pop(position)
            self._octets -= len(found.message.data)
            if self.tracker.deliver(position):
                self._in_hand[position] = found
                taken.append(delivery(found, Token(self.tracker.partition, self.tracker.epoch, position)))
            else:
                await self._acknowledge([found])
        await self._ask_for_more()
        return taken

    async def acknowledge(self, positions: Iterable[int]) -> None:
        """Returns once the server has counted them; what it does not hear of now, it hears of when it delivers it again."""
        self.tracker.acknowledge(positions)
        await self._acknowledge([self._in_hand.pop(position) for position in positions if position in self._in_hand])

    def release(self, positions: Iterable[int]) -> None:
        """Put these and what follows them back before what waits."""
        self.tracker.release(positions)
        back = {
            position: self._in_hand.pop(position) for position in sorted(self._in_hand) if position > self.tracker.read
        }
        self._waiting = {**back, **self._waiting}
        self._octets += sum(len(each.message.data) for each in back.values())

    def _recognize(self, created: str, acknowledged: int) -> None:
        """Positions are those of one stream and one consumer: what was made anew is another, and needs another feed."""
        if not self._created:
            self._created = created
            self.tracker.cursor = self.tracker.read = acknowledged
        elif self._created != created:
            raise TransportError(f"NATS: {self._consumer.name} is another consumer by now")

    async def _acknowledge(self, done: Sequence[Received]) -> None:
        try:
            for each in done[:-1]:
                await self._connection.send(each.message.reply, ACKNOWLEDGE)
            for each in done[-1:]:
                await self._connection.request(each.message.reply, ACKNOWLEDGE, {})
        except TransportError as error:
            self._break(f"an acknowledgement failed: {error}")

    async def _on_message(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        if message.reply:
            await self._on_delivery(received(message))
        else:
            self._on_status(message.headers or {})
        await self._ask_for_more()

    async def _on_delivery(self, found: Received) -> None:
        if self._broken:
            return
        if found.number != self._expected:
            self._break(f"delivery {self._expected} is missing, {found.number} came")
            return
        self._expected += 1
        self._asked = max(0, self._asked - 1)
        if found.position in self._in_hand:
            self._in_hand[found.position] = found
        elif found.position <= self.tracker.read:
            await self._acknowledge([found])
        else:
            self._octets += 0 if found.position in self._waiting else len(found.message.data)
            self._waiting[found.position] = found
            self._arrived()

    def _on_status(self, headers: Mapping[str, str]) -> None:
        if headers.get("Status") == HEARTBEAT:
            last = headers.get("Nats-Last-Consumer", "")
            if last.isdigit() and int(last) >= self._expected:
                self._break(f"deliveries up to {last} are missing from {self._expected} on")
            return
        self._asked = 0
        description = headers.get("Description", headers.get("Status", ""))
        if description not in HARMLESS:
            self._break(description)

    def _break(self, why: str) -> None:
        self._broken = self._broken or why
        self._broke()

    async def _ask_for_more(self) -> None:
        room = ENOUGH_MESSAGES - len(self._waiting)
        full = room < ENOUGH_MESSAGES // 2 or self._octets > ENOUGH_BYTES
        if self._asked or self._broken or full:
            return
        self._asked, self._heard_at = room, time.monotonic()
        request = {
            "batch": room,
            "max_bytes": max(ENOUGH_BYTES, 2 * self._connection.max_payload),
            "expires": int(PULL_SECONDS * NANOSECONDS),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * NANOSECONDS),
        }
        path = f"$JS.API.CONSUMER.MSG.NEXT.{self._consumer.stream}.{self._consumer.name}"
        try:
            await self._connection.send(path, json.dumps(request).encode(), self._inbox)
        except TransportError as error:
            self._break(f"a pull failed: {error}")

    async def _silence(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription:
            await self._connection.silence(subscription)
