"""The relay: sends what the outbox holds, in order, and deletes a row once the broker has acknowledged it.

Rows are found by being there, not by a position passed, so one that commits late is never skipped. And they are in the
right order: positions are drawn at the end of a transaction, so two that are ordered by a lock, or because one saw what
the other did, have their rows in that order.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from eda_runtime import sequences
from eda_runtime.errors import PublishError
from eda_runtime.leases import Share
from eda_runtime.outbox import COLUMNS, SHARDS, outgoing
from eda_runtime.service import Service
from eda_runtime.stores import Row, Store
from eda_runtime.transports import Outgoing

__all__ = ["Refused", "Relay", "discard_refused", "refused", "retry_refused"]

BATCH = 500
BACKOFF_SECONDS = (0.1, 5.0)
log = logging.getLogger(__name__)

NEXT = f"""
SELECT o.position, l.expires_at - now_ms(), {", ".join(f"o.{column}" for column in COLUMNS)}
FROM eda_outbox o JOIN eda_lease l ON l.name = 'relay:' || o.shard::text
WHERE l.owner = $1 AND l.expires_at > now_ms() AND o.problem IS NULL AND NOT EXISTS (
    SELECT 1 FROM eda_outbox r WHERE r.problem IS NOT NULL AND r.address = o.address AND r.key = o.key)
ORDER BY o.position LIMIT $2::bigint
"""  # noqa: S608  made of constants
NEXT_PAST = NEXT.replace(
    "ORDER BY",
    """AND o.position NOT IN (SELECT value::bigint FROM each($3)) AND NOT EXISTS (
    SELECT 1 FROM eda_outbox h WHERE h.position IN (SELECT value::bigint FROM each($3))
    AND h.address = o.address AND h.key = o.key)
ORDER BY""",
)
"""The same, past the rows that wait for their next try, and what comes after them in the order of their keys."""
SENT = "DELETE FROM eda_outbox WHERE position IN (SELECT value::bigint FROM each($1))"
REFUSE = "UPDATE eda_outbox SET problem = $2 WHERE position = $1"
FIND_REFUSED = "SELECT position, address, key, problem FROM eda_outbox WHERE problem IS NOT NULL ORDER BY position"
RETRY_REFUSED = "UPDATE eda_outbox SET problem = NULL WHERE problem IS NOT NULL RETURNING 1"
DISCARD_REFUSED = "DELETE FROM eda_outbox WHERE problem IS NOT NULL RETURNING 1"


@dataclass(frozen=True, slots=True)
class Queued:
    """A row of the outbox."""

    position: int
    message: Outgoing


@dataclass(frozen=True, slots=True)
class Wait:
    """What did not go waits until `until` on the loop's clock, which is `seconds` after its last try.

    What stopped others with it is tried `alone`.
    """

    until: float
    seconds: float
    alone: bool


class Relay:
    """Drains the shards that it holds by lease. Several may run: each key has one relay at a time.

    What the broker does not take is tried again later, and meanwhile only its own key waits for it. A body that is too
    large for it stays in the outbox with its problem.
    """

    def __init__(self, service: Service[object]) -> None:
        self._service = service
        self.share = Share(service.store, "relay", SHARDS, service.settings.lease)
        self._backoff = BACKOFF_SECONDS[0]
        self._batch = BATCH
        self._waits: dict[int, Wait] = {}
        self._failures = 0

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(self._service.store.listen(self._service.relay_bell.ring))
                while not self._service.stopping.is_set():
                    await self._turn()
                listening.cancel()
        finally:
            await self.release()

    async def release(self) -> None:
        """Give up the shards, so that another relay may go on at once."""
        await self.share.release()

    async def _turn(self) -> None:
        try:
            if not await self.drain():
                await self._service.relay_bell.wait(self._service.store.poll_interval)
            self._backoff = BACKOFF_SECONDS[0]
            self._batch = min(self._batch * 2, BATCH)
            self._failures = 0
        except PublishError as error:
            example = ", ".join(f"{each.envelope.id!r} to {each.address!r}" for each in error.unacknowledged[:1])
            log.warning("not sent, and only what comes after it by key waits: %s: %s", example, error)
            if self._failures > 1:  # it is not the messages, it is the broker
                await self._pause()
        except Exception as error:  # noqa: BLE001  broker or database is away: whatever it was, wait and go on
            log.warning("the relay waits %.1f s: %s", self._backoff, error)
            await self._pause()

    async def _pause(self) -> None:
        await self._service.pause(self._backoff)
        self._backoff = min(self._backoff * 2, BACKOFF_SECONDS[1])

    async def drain(self) -> int:
        """Send one batch; returns how many rows were dealt with. Raises `PublishError` where some were not sent."""
        await self.share.renew()
        rows = await self._next()
        if not rows:
            return 0
        batch = self._up_to_suspects([Queued(row[0], outgoing(row[2:])) for row in rows])
        too_large = self._too_large(batch)
        for queued, problem in too_large:
            await self._refuse(queued, problem)
        if too_large:
            return len(too_large)
        seconds = rows[0][1] / 1000
        try:
            async with asyncio.timeout(seconds):
                await self._send(await self._numbered(batch))
        except PublishError:
            raise
        except Exception as error:
            hurried = isinstance(error, TimeoutError) and seconds < self._service.settings.lease.total_seconds() / 2
            if len(batch) > 1 or hurried:
                self._batch = max(len(batch) // 2, 1)  # what did not go within the lease may go in parts
                raise
            self._let_wait(batch, alone=True)
            self._failures += 1
            raise PublishError(str(error) or "no answer within the lease", [batch[0].message]) from error
        return len(batch)

    def _up_to_suspects(self, batch: Sequence[Queued]) -> Sequence[Queued]:
        """What comes before the first that must be tried alone, or that one."""
        alone = {position for position, wait in self._waits.items() if wait.alone}
        before = list(takewhile(lambda queued: queued.position not in alone, batch))
        return before or batch[:1]

    async def _next(self) -> Sequence[Row]:
        store, owner = self._service.store, self.share.owner
        now = asyncio.get_running_loop().time()
        waiting = [str(position) for position, wait in self._waits.items() if wait.until > now]
        if not waiting:
            return await store.fetch(NEXT, owner, self._batch)
        return await store.fetch(NEXT_PAST, owner, self._batch, json.dumps(waiting))

    def _let_wait(self, unsent: Sequence[Queued], *, alone: bool = False) -> None:
        now = asyncio.get_running_loop().time()
        shortest, longest = BACKOFF_SECONDS
        self._waits = {position: wait for position, wait in self._waits.items() if wait.until > now - 2 * longest}
        for queued in unsent:
            before = self._waits.get(queued.position)
            seconds = min(before.seconds * 2, longest) if before else shortest
            self._waits[queued.position] = Wait(now + seconds, seconds, alone)

    async def _numbered(self, batch: Sequence[Queued]) -> Sequence[Queued]:
        """The batch, with numbers by key where the broker keeps no order."""
        if self._service.transport.features.ordered_by_key:
            return batch
        messages = {queued.position: queued.message for queued in batch}
        numbered = await sequences.assign(self._service.store, messages)
        return [Queued(position, message) for position, message in numbered.items()]

    async def _send(self, batch: Sequence[Queued]) -> None:
        try:
            await self._service.transport.publish([queued.message for queued in batch])
        except PublishError as error:
            refused = {id(message) for message in error.unacknowledged}
            unsent = [queued for queued in batch if id(queued.message) in refused]
            self._let_wait(unsent, alone=len(batch) == 1)
            self._failures = self._failures + 1 if len(unsent) == len(batch) else 0
            if self._failures:
                self._batch = max(len(batch) // 2, 1)  # one may have been refused for all
            await self._delete([queued for queued in batch if id(queued.message) not in refused])
            raise
        await self._delete(batch)

    def _too_large(self, batch: Sequence[Queued]) -> Sequence[tuple[Queued, str]]:
        limit = self._service.transport.features.max_body
        return [
            (queued, f"the body has {len(queued.message.envelope.data)} bytes, and the broker takes {limit}")
            for queued in batch
            if len(queued.message.envelope.data) > limit
        ]

    async def _delete(self, batch: Sequence[Queued]) -> None:
        if batch:
            async with self._service.store.transaction() as transaction:
                await transaction.fetch(SENT, json.dumps([str(queued.position) for queued in batch]))

    async def _refuse(self, queued: Queued, problem: str) -> None:
        log.error("message %s to %s cannot be sent: %s", queued.message.envelope.id, queued.message.address, problem)
        async with self._service.store.transaction() as transaction:
            await transaction.fetch(REFUSE, queued.position, problem)


@dataclass(frozen=True, slots=True)
class Refused:
    """A message of the outbox that the broker will not take."""

    position: int
    address: str
    key: str | None
    problem: str


async def refused(store: Store) -> Sequence[Refused]:
    return [Refused(*row) for row in await store.fetch(FIND_REFUSED)]


async def retry_refused(store: Store) -> int:
    """Let the relay try them again; returns how many."""
    async with store.transaction() as transaction:
        return len(await transaction.fetch(RETRY_REFUSED))


async def discard_refused(store: Store) -> int:
    """Delete them, so that what waits behind them is sent; returns how many."""
    async with store.transaction() as transaction:
        return len(await transaction.fetch(DISCARD_REFUSED))
