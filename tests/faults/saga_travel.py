"""The travel services for faults: handlers that count what they did, and a coordinator that kills itself at a boundary."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from sqlalchemy import Table
from tests.integration.saga.travel import PRICE, bookings, service_module

from eda_runtime import App, Settings
from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.stores import Row, Store, Transaction, Value, open_store
from eda_runtime.transports import Delivery, Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange, Transport
from eda_runtime.transports.registry import open_transport

__all__ = ["Effects", "participants", "run_coordinator"]

Effects = Counter[tuple[str, str]]
"""How often each handler took effect, by its name and the trip."""

Boundary = Callable[[], None]


class Participant:
    """Handlers of all three other services."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects

    async def on_reserve_flight(self, event: Any, ctx: Any) -> None:
        self._note("reserve flight", event, ctx)
        ctx.publish.flight_reserved(self._answer("flights", "flight_reserved", event, seat="1A"))

    async def on_cancel_flight(self, event: Any, ctx: Any) -> None:
        self._note("cancel flight", event, ctx)

    async def on_issue_ticket(self, event: Any, ctx: Any) -> None:
        self._note("issue ticket", event, ctx)
        ctx.publish.ticket_issued(self._answer("flights", "ticket_issued", event, ticket="T-1"))

    async def on_reserve_hotel(self, event: Any, ctx: Any) -> None:
        self._note("reserve hotel", event, ctx)
        ctx.publish.hotel_reserved(self._answer("hotels", "hotel_reserved", event, room="101"))

    async def on_cancel_hotel(self, event: Any, ctx: Any) -> None:
        self._note("cancel hotel", event, ctx)

    async def on_take_payment(self, event: Any, ctx: Any) -> None:
        self._note("take payment", event, ctx)
        ctx.publish.payment_taken(self._answer("cards", "payment_taken", event, paid=PRICE))

    def _note(self, what: str, event: Any, ctx: Any) -> None:
        async def count() -> None:
            self._effects[what, str(event.trip_id)] += 1

        ctx.after_commit(count)

    def _answer(self, service: str, name: str, event: Any, **fields: object) -> Any:
        module = service_module(f"{service}.events.{name}")
        return getattr(module, f"{name.upper()}_V1").model.model_validate({"tripId": event.trip_id, **fields})


def participants(settings: Settings, effects: Effects) -> dict[str, App[Any]]:
    """The services that the saga sends its commands to, by name."""
    handlers = Participant(effects)
    names = ("flights", "hotels", "cards")
    return {name: service_module(f"{name}.app").create_app(handlers, settings) for name in names}


def run_coordinator(settings: Settings, crash_at: int) -> None:
    """The body of a process that is killed at its boundary numbered `crash_at`."""
    logging.disable(logging.CRITICAL)
    asyncio.run(_coordinate(settings, crash_at))


async def _coordinate(settings: Settings, crash_at: int) -> None:
    passed = 0

    def boundary() -> None:
        nonlocal passed
        passed += 1
        if passed == crash_at:
            os.kill(os.getpid(), signal.SIGKILL)

    store = KillingStore(open_store(settings.database_url, pool_size=settings.pool_size), boundary)
    transport = KillingTransport(await open_transport(settings.broker_url, settings), boundary)
    await bookings(settings).bound_to(store=store, transport=transport).run()


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
        self.moved |= table.name.startswith("eda_saga")
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
