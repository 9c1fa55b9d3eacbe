"""A worker of a group: reads the partitions that it holds a lease of, and moves the group's cursors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence

from eda_runtime.errors import TransportError
from eda_runtime.tasks import end
from eda_runtime.transports import Delivery
from eda_runtime.transports.log import leases
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.database import Connection, Database
from eda_runtime.transports.log.leases import Holder
from eda_runtime.transports.log.messages import delivery
from eda_runtime.transports.signal import Signal
from eda_runtime.transports.tracker import Tracker, tracked

__all__ = ["GroupReceiver"]

SLOW_LOOK = 1.0
"""Seconds after which a waiting reader looks again, even if nothing woke it."""


class GroupReceiver:
    """Call `join` before the first poll. A task keeps the leases while messages are worked on."""

    def __init__(self, database: Database, me: Holder) -> None:
        self._database = database
        self._me = me
        self._held: dict[int, Tracker] = {}
        self._polling = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._drained = Signal()
        self.closed = False
        self._turn = 0
        self._tending: asyncio.Task[None] | None = None

    async def join(self) -> None:
        async with self._database.writing() as connection:
            await leases.enlist(connection, self._me)
        await self._tend()
        self._tending = asyncio.create_task(self._keep_tending(), name=f"eda-log-leases-{self._me.group}")

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout
        async with self._polling:
            while not self.closed:
                ticket = self._database.appended.ticket()
                found = await self._fetch(max_messages)
                if found or clock() >= deadline:
                    return found
                await Signal.wait(ticket, min(deadline - clock(), SLOW_LOOK))
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._held, deliveries):
            tracker.acknowledge(positions)
        await self._save()
        self._signal_if_drained()

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        for tracker, positions in tracked(self._held, deliveries):
            tracker.release(positions)
        self._signal_if_drained()

    async def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._database.appended.fire()
        if self._tending:
            await end(self._tending)
        async with self._polling:
            await self._leave()

    async def _leave(self) -> None:
        try:
            await self._save()
            async with self._database.writing(announce=True) as connection:
                await connection.execute(sql.HAND_BACK_ALL, self._me.group, self._me.worker)
                await connection.execute(sql.FORGET_WORKER, self._me.channel.id, self._me.group, self._me.worker)
        except TransportError as error:
            logging.getLogger(__name__).warning(
                "leases of %s not handed back, they will expire: %s", self._me.group, error
            )
        self._held.clear()

    async def _fetch(self, limit: int) -> list[Delivery]:
        """Read on in the partitions that have more, another one first each time, so that none waits for ever."""
        found: list[Delivery] = []
        held = tuple(self._held.values())
        async with self._database.reading() as connection:
            rows = await connection.fetch(sql.OWNED_HEADS, self._me.group, self._me.worker)
            self._let_go(held, {(partition, epoch) for partition, epoch, _ in rows})
            heads: dict[int, int] = {partition: head for partition, _, head in rows}
            ready = [
                each for each in self._held.values() if not each.draining and heads.get(each.partition, 0) > each.read
            ]
            self._turn += 1
            start = self._turn % len(ready) if ready else 0
            for tracker in ready[start:] + ready[:start]:
                if len(found) < limit:
                    found += await self._read(connection, tracker, heads[tracker.partition], limit - len(found))
        return found

    def _let_go(self, held: Iterable[Tracker], owned: Collection[tuple[int, int]]) -> None:
        """Forget those of `held` that another worker has taken over, for our lease had expired."""
        for tracker in held:
            if (tracker.partition, tracker.epoch) not in owned and self._held.get(tracker.partition) is tracker:
                del self._held[tracker.partition]

    async def _read(self, connection: Connection, tracker: Tracker, head: int, limit: int) -> list[Delivery]:
        rows = await connection.fetch(sql.READ, tracker.partition, tracker.read, head, limit)
        if self.closed or tracker.draining or self._held.get(tracker.partition) is not tracker:
            return []  # handed back meanwhile
        if not rows:
            tracker.read = head  # retention removed what was there
        return [
            delivery(row, tracker.partition, tracker.number, tracker.epoch) for row in rows if tracker.deliver(row[0])
        ]

    async def _save(self) -> None:
        """Move the group's cursors to where ours are. A lease that is over moves nothing: owner and epoch differ."""
        async with self._writing:
            moved = [(each, each.cursor) for _, each in sorted(self._held.items()) if each.cursor > each.saved]
            if not moved:
                return
            async with self._database.writing() as connection:
                me = (self._me.group, self._me.worker)
                rows = [(tracker.partition, *me, tracker.epoch, cursor) for tracker, cursor in moved]
                await connection.execute_many(sql.MOVE_CURSOR, rows)
            for tracker, cursor in moved:
                tracker.saved = cursor

    def _signal_if_drained(self) -> None:
        if any(tracker.draining and tracker.idle for tracker in self._held.values()):
            self._drained.fire()

    async def _keep_tending(self) -> None:
        while True:
            ticket = self._drained.ticket()
            try:
                await self._save()
                await self._tend()
            except TransportError as error:
                logging.getLogger(__name__).warning("leases of %s not renewed, trying again: %s", self._me.group, error)
            await Signal.wait(ticket, self._me.duration / 10 / 1_000_000)

    async def _tend(self) -> None:
        """Look at the group, and write only if there is something to do."""
        held = tuple(self._held.values())
        async with self._database.reading() as connection:
            seen = await leases.observe(connection, self._me)
        mine = {(lease.partition, lease.epoch) for lease in seen.leases if lease.owner == self._me.worker}
        self._let_go(held, mine)
        todo = leases.plan(seen, self._me, {each.partition: each.idle for each in self._held.values()})
        for tracker in self._held.values():
            tracker.draining = tracker.partition in todo.drain
        finished = [each.partition for each in self._held.values() if each.draining and each.idle]
        orphans = [partition for partition, _ in mine if partition not in self._held]
        if todo.claim or finished or orphans or todo.renew:
            won = await self._carry_out(todo, finished + orphans)
            numbers = {lease.partition: lease.number for lease in seen.leases}
            for each in won:
                self._held[each.partition] = Tracker(each.partition, numbers[each.partition], each.epoch, each.position)
            if won:
                self._database.appended.fire()

    async def _carry_out(self, todo: leases.Plan, back: Sequence[int]) -> Sequence[leases.Claim]:
        async with self._writing:
            async with self._database.writing(announce=bool(back)) as connection:
                if todo.renew:
                    await leases.enlist(connection, self._me)
                if back:
                    await connection.execute(sql.HAND_BACK, self._me.group, tuple(back), self._me.worker)
                won = await leases.claim(connection, self._me, todo.claim) if todo.claim else ()
            for partition in back:
                self._held.pop(partition, None)
        return won
