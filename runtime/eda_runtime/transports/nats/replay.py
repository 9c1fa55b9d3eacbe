"""Reads a range of time again, by a consumer of its own that is gone afterwards: the group notices nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from eda_runtime.errors import TransportError
from eda_runtime.transports import Delivery, ReplayRange
from eda_runtime.transports.nats.connection import Connection
from eda_runtime.transports.nats.messages import Received, delivery, received
from eda_runtime.transports.nats.names import subject
from eda_runtime.transports.nats.streams import Stream
from eda_runtime.transports.signal import Signal
from eda_runtime.transports.tracker import Token

__all__ = ["ReplayReceiver", "open_replay"]

PATIENCE_SECONDS = 30.0
FORGET_NANOSECONDS = 300 * 1_000_000_000
BATCH = 500
NO_EPOCH = 0
NEVER = 2**63
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2262, 1, 1, tzinfo=UTC)
"""The server counts nanoseconds in 64 bits: a time beyond 2262 would come out as one in the past."""


async def open_replay(connection: Connection, stream: Stream, address: str, wanted: ReplayRange) -> ReplayReceiver:
    """Fix the range now: what is appended later is not part of it."""
    name = f"eda_replay_{uuid4().hex}"
    places = {subject(address, number): number for number in range(stream.partitions(address))}
    config = {
        "name": name,
        "filter_subjects": list(places),
        "deliver_policy": "by_start_time",
        "opt_start_time": _within_reach(wanted.start).isoformat().replace("+00:00", "Z"),
        "ack_policy": "none",
        "replay_policy": "instant",
        "inactive_threshold": FORGET_NANOSECONDS,
        "mem_storage": True,
    }
    request = {"stream_name": stream.name, "config": config}
    told = await connection.ask(f"CONSUMER.CREATE.{stream.name}.{name}", request)
    replay = ReplayReceiver(connection, f"{stream.name}.{name}", int(told["num_pending"]), wanted)
    await replay.open()
    return replay


class ReplayReceiver:
    """Call `open` before the first poll. `count` is how many messages there were from the range's start on."""

    def __init__(self, connection: Connection, path: str, count: int, wanted: ReplayRange) -> None:
        self._connection = connection
        self._path = path
        self._left = count
        self._end = wanted.end
        self._waiting: list[Received] = []
        self._in_hand: dict[int, Received] = {}
        self._asked = 0
        self._arrival = Signal()
        self._inbox = ""
        self._subscription: Subscription | None = None

    async def open(self) -> None:
        self._inbox, self._subscription = await self._connection.inbox(self._on_message)

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        """The next messages of the range, however long the broker takes; nothing once it is exhausted."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + max(timeout, PATIENCE_SECONDS)
        while self._left and not self._waiting:
            ticket = self._arrival.ticket()
            await self._ask_for_more()
            await Signal.wait(ticket, deadline - clock())
            if clock() > deadline:
                raise TransportError("NATS: a replay waited for its messages in vain")
        taken, self._waiting = self._waiting[:max_messages], self._waiting[max_messages:]
        self._in_hand |= {each.position: each for each in taken}
        return [delivery(each, Token(partition_of(each), NO_EPOCH, each.position)) for each in taken]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            self._in_hand.pop(int(each.position), None)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Put these back before what waits, with what follows them in their partitions."""
        firsts: dict[int, int] = {}
        for each in deliveries:
            firsts[each.partition] = min(int(each.position), firsts.get(each.partition, int(each.position)))
        back = [each for each in self._in_hand.values() if each.position >= firsts.get(partition_of(each), NEVER)]
        for found in back:
            del self._in_hand[found.position]
        self._waiting = sorted([*back, *self._waiting], key=lambda each: each.position)

    async def close(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription:
            await self._connection.silence(subscription)
            with suppress(TransportError):
                await self._connection.ask(f"CONSUMER.DELETE.{self._path}")
        self._left, self._waiting = 0, []
        self._arrival.fire()

    async def _ask_for_more(self) -> None:
        if not self._asked:
            self._asked = min(BATCH, self._left)
            request = {"batch": self._asked, "expires": int(PATIENCE_SECONDS * 1_000_000_000)}
            body = json.dumps(request).encode()
            await self._connection.send(f"$JS.API.CONSUMER.MSG.NEXT.{self._path}", body, self._inbox)

    async def _on_message(self, message: Msg) -> None:
        if message.reply:
            self._asked, self._left = self._asked - 1, self._left - 1
            found = received(message)
            if self._end is None or found.appended_at <= self._end:
                self._waiting.append(found)
        else:
            self._asked = 0
        self._arrival.fire()


def _within_reach(time: datetime) -> datetime:
    return min(max(time.astimezone(UTC), FIRST), LAST)


def partition_of(found: Received) -> int:
    return int(found.message.subject.rpartition(".p")[2])
