"""A subscription that a worker pulls from, for as long as there is room."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterable, Sequence
from contextlib import suppress

from google.api_core.exceptions import (
    Cancelled,
    DeadlineExceeded,
    Forbidden,
    GoogleAPICallError,
    NotFound,
)
from google.auth.exceptions import GoogleAuthError

from eda_runtime.errors import TransportError
from eda_runtime.tasks import end
from eda_runtime.transports import Delivery
from eda_runtime.transports.pubsub.connection import REQUEST_SECONDS, Connection
from eda_runtime.transports.pubsub.held import Held, Holding
from eda_runtime.transports.pubsub.messages import delivery
from eda_runtime.transports.pubsub.names import short
from eda_runtime.transports.signal import Signal

__all__ = ["LEASE_SECONDS", "Source"]

LEASE_SECONDS = 10
"""What a subscription gives a worker to take a message up; from then on the worker extends its lease."""
ROOM_SECONDS = 30.0
ENOUGH_MESSAGES = 1000
ENOUGH_BYTES = 32_000_000
MOST_LEASES = 1000
"""In one request."""
LONGEST_LEASE = 600
ATTEMPTS = 3
PAUSE_SECONDS = (0.1, 5.0)
FAREWELL_SECONDS = 0.5
"""How long a pull that waits may still bring something, which is given back then; it is cancelled after that."""
LAPSE_SECONDS = 1
BY_LEASE = "EXACTLY_ONCE_ACKID_FAILURE"
TRANSIENT = "TRANSIENT"
log = logging.getLogger(__name__)


class Source:
    """Pulls, extends the leases of what it holds, and acknowledges. `start` it first.

    Nothing is ever refused ("nacked"): Google's emulator puts what was refused behind the later messages of its key. What is
    to be given back has its lease run out, after which Pub/Sub and the emulator deliver it in its place.
    """

    def __init__(self, connection: Connection, path: str, address: str) -> None:
        self.arrival = Signal()
        self.failure: str | None = None
        self._client = connection.subscriber
        self._path = path
        self._address = address
        self._pull_seconds = connection.options.pull_seconds
        self._lease = min(max(math.ceil(connection.options.lease.total_seconds()), 1), LONGEST_LEASE)
        self._holding = Holding()
        self._room = Signal()
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, arrival: Signal) -> None:
        """`arrival` fires when there is something to take."""
        self.arrival = arrival
        self._tasks = [
            asyncio.create_task(self._pull(), name="eda-pubsub-pull"),
            asyncio.create_task(self._keep(), name="eda-pubsub-leases"),
        ]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    def take(self, limit: int) -> list[Delivery]:
        return [delivery(held.message, self._address, held) for held in self._holding.take(limit)]

    async def acknowledge(self, deliveries: Iterable[Delivery]) -> None:
        leases = self._holding.done(held_of(deliveries))
        self._room.fire()
        for start in range(0, len(leases), MOST_LEASES):
            await self._acknowledge(leases[start : start + MOST_LEASES])

    def release(self, deliveries: Iterable[Delivery]) -> None:
        self._holding.release(held_of(deliveries))
        self.arrival.fire()

    async def close(self) -> None:
        """Give back what is held; returns when others can have it."""
        if self._closing:
            return
        self._closing = True
        self._room.fire()
        pulling, *_ = self._tasks
        await asyncio.wait([pulling], timeout=FAREWELL_SECONDS)
        await asyncio.gather(*(end(task) for task in self._tasks))
        if leases := self._holding.leases:
            with suppress(TransportError):
                await self._extend(leases, LAPSE_SECONDS)
                await asyncio.sleep(LAPSE_SECONDS)

    async def _pull(self) -> None:
        pause = PAUSE_SECONDS[0]
        while not self._closing and self.failure is None:
            ticket = self._room.ticket()
            if len(self._holding) >= ENOUGH_MESSAGES or self._holding.octets >= ENOUGH_BYTES:
                await Signal.wait(ticket, ROOM_SECONDS)
                continue
            try:
                await self._pull_once()
                pause = PAUSE_SECONDS[0]
            except (NotFound, Forbidden) as error:
                self._fail(f"subscription {short(self._path)}: {error.message}; run `eda provision` first")
            except (GoogleAPICallError, GoogleAuthError) as error:
                log.warning("%s: pulling again in %.1f s: %s", short(self._path), pause, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, PAUSE_SECONDS[1])

    async def _pull_once(self) -> None:
        try:
            response = await self._client.pull(
                subscription=self._path,
                max_messages=ENOUGH_MESSAGES - len(self._holding),
                timeout=self._pull_seconds,
                retry=None,
            )
        except (DeadlineExceeded, Cancelled):
            return
        if leases := self._holding.arrived(response.received_messages):
            self.arrival.fire()
            with suppress(TransportError):
                await self._extend(leases, self._lease)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(min(self._lease, LEASE_SECONDS) / 3)
            try:
                await self._extend(self._holding.leases, self._lease)
            except TransportError as error:
                log.warning("%s: leases are not extended, trying again: %s", short(self._path), error)

    async def _extend(self, leases: Sequence[str], seconds: int) -> None:
        """What has come to others meanwhile cannot be extended: they and we then do the same, and the inbox drops doubles."""
        for start in range(0, len(leases), MOST_LEASES):
            try:
                await self._client.modify_ack_deadline(
                    subscription=self._path,
                    ack_ids=list(leases[start : start + MOST_LEASES]),
                    ack_deadline_seconds=seconds,
                    timeout=REQUEST_SECONDS,
                    retry=None,
                )
            except (GoogleAPICallError, GoogleAuthError) as error:
                if not outcomes(error):
                    raise TransportError(f"Pub/Sub: {short(self._path)}: {error}") from error

    async def _acknowledge(self, leases: Sequence[str]) -> None:
        """With exactly-once delivery Pub/Sub says what became of each: what is not acknowledged comes again."""
        left = list(leases)
        for attempt in range(ATTEMPTS):
            try:
                await self._client.acknowledge(
                    subscription=self._path, ack_ids=left, timeout=REQUEST_SECONDS, retry=None
                )
                return
            except (GoogleAPICallError, GoogleAuthError) as error:
                told = outcomes(error)
                if not told and attempt == ATTEMPTS - 1:
                    raise TransportError(f"Pub/Sub: {short(self._path)}: not acknowledged: {error}") from error
                left = [lease for lease in left if told.get(lease, "").startswith(TRANSIENT)] if told else left
            if not left:
                return
            await asyncio.sleep(PAUSE_SECONDS[0] * 2**attempt)
        log.info("%s: %d messages are not acknowledged and come again", short(self._path), len(left))

    def _ended(self, task: asyncio.Task[None]) -> None:
        """What nobody has thought of must not leave who polls waiting for ever."""
        if not task.cancelled() and (error := task.exception()):
            self._fail(f"subscription {short(self._path)}: {error!r}")

    def _fail(self, reason: str) -> None:
        self.failure = reason
        self.arrival.fire()


def held_of(deliveries: Iterable[Delivery]) -> list[Held]:
    return [each.token for each in deliveries if isinstance(each.token, Held)]


def outcomes(error: GoogleAPICallError | GoogleAuthError) -> dict[str, str]:
    """What became of single leases, where that is what the error tells."""
    if isinstance(error, GoogleAPICallError) and error.reason == BY_LEASE:
        return dict(error.metadata or {})
    return {}
