"""A process that kills itself at a boundary: before or after a commit that moves a saga, a send, or an acknowledgement."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sqlalchemy import Table

from eda_runtime import App
from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.stores import Row, Store, Transaction, Value, open_store
from eda_runtime.transports import Delivery, Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange, Transport

__all__ = ["run_until"]

Boundary = Callable[[], None]


async def run_until(crash_at: int, app: App[Any], transport: Transport) -> None:
    """Run a service until it passes its boundary numbered `crash_at`, where SIGKILL ends the process."""
    passed = 0

    def boundary() -> None:
        nonlocal passed
        passed += 1
        if passed == crash_at:
            os.kill(os.getpid(), signal.SIGKILL)

    store = open_store(app.settings.database_url, pool_size=app.settings.pool_size)
    await app.bound_to(store=KillingStore(store, boundary), transport=KillingTransport(transport, boundary)).run()


class KillingTransaction:
    """Knows whether it has moved the saga, or the relay forward."""

    def __init__(self, inner: Transaction) -> None:
        self._inner = inner
        self.moved = False

    @property
    def connection(self) -> Any:
        return self._inner.connection

    @property
    def session(self) -> Any:
        return self._inner.session

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        self.moved |= "UPDATE eda_saga" in sql or "DELETE FROM eda_outbox" in sql
        return await self._inner.fetch(sql, *values)

    async def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        self.moved |= table.name.startswith("eda_saga") or table.name == "eda_outbox"
        await self._inner.insert(table, columns, rows)

    async def flush(self) -> None:
        await self._inner.flush()


class KillingStore:
    """A store with a boundary before and after each commit that moves something."""

    def __init__(self, inner: Store, boundary: Boundary) -> None:
        self._inner = inner
        self._boundary = boundary

    @property
    def poll_interval(self) -> float:
        return self._inner.poll_interval

    @property
    def embedded(self) -> bool:
        return self._inner.embedded

    @property
    def most_lanes(self) -> int:
        return self._inner.most_lanes

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self._transaction()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        async with self._inner.transaction() as transaction:
            watched = KillingTransaction(transaction)
            yield watched
            if watched.moved:
                self._boundary()
        if watched.moved:
            self._boundary()

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        return await self._inner.fetch(sql, *values)

    async def ring(self, transaction: Transaction) -> None:
        inner = transaction._inner if isinstance(transaction, KillingTransaction) else transaction
        await self._inner.ring(inner)

    async def listen(self, wake: Callable[[], None]) -> None:
        await self._inner.listen(wake)

    async def migrate(self) -> Sequence[str]:
        return await self._inner.migrate()

    async def pending(self) -> Sequence[str]:
        return await self._inner.pending()

    async def close(self) -> None:
        await self._inner.close()


class KillingTransport:
    """A transport with a boundary before and after each send and each acknowledgement."""

    def __init__(self, inner: Transport, boundary: Boundary) -> None:
        self._inner = inner
        self._boundary = boundary

    @property
    def features(self) -> Features:
        return self._inner.features

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self._boundary()
        await self._inner.publish(messages)
        self._boundary()

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return KillingReceiver(await self._inner.receiver(policy, replay), self._boundary)

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await self._inner.provision(topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return await self._inner.lag(topology)

    async def close(self) -> None:
        await self._inner.close()


class KillingReceiver:
    def __init__(self, inner: Receiver, boundary: Boundary) -> None:
        self._inner = inner
        self._boundary = boundary

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        return await self._inner.poll(max_messages, timeout)

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self._boundary()
        await self._inner.acknowledge(deliveries)
        self._boundary()

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._inner.release(deliveries)

    async def close(self) -> None:
        await self._inner.close()
