"""A service of one event, whose handler is the test's own, and which notes what it handled in the same transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, TypeVar

import sqlalchemy as sa

import eda_runtime
from eda_runtime import (
    App,
    BatchSubscription,
    ChannelContract,
    DeadLetterPolicy,
    Envelope,
    Event,
    MessageContract,
    Outbox,
    ReceivePolicy,
    RetryPolicy,
    Settings,
    Subscription,
    Topology,
    UnitOfWork,
)
from eda_runtime.app import ROLES, Role
from eda_runtime.contracts import AnySubscription
from eda_runtime.transports import Delivery, Outgoing

notes = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
)
ORDERS = ChannelContract(name="orders", address="orders", partitions=4)
DEAD = "orders.dlq"
POLICY = ReceivePolicy(
    operation="onPlaced",
    group="shop.onPlaced",
    channel=ORDERS,
    dead_letter=DeadLetterPolicy(address=DEAD),
    retry=RetryPolicy(attempts=3, initial=timedelta(milliseconds=30), max=timedelta(milliseconds=30)),
)


class Placed(Event):
    key: str
    number: int
    filler: str | None = None


PLACED = MessageContract(name="Placed", version=1, type="t.Placed.v1", model=Placed, key="$message.payload#/key")


class Publisher:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def placed(self, key: str, number: int, filler: str | None = None) -> None:
        event = Placed(key=key, number=number, filler=filler) if filler else Placed(key=key, number=number)
        self._outbox.add(PLACED, event, ORDERS)

    async def at_once(self, key: str, number: int) -> None:
        await self._outbox.send_now(PLACED, Placed(key=key, number=number), ORDERS)

    def to(self, address: str, event: Placed) -> None:
        self._outbox.add(PLACED, event, replace(ORDERS, address=address))


Context: TypeAlias = eda_runtime.Context[Publisher]
Handler = Callable[[Placed, Context], Awaitable[None]]
T = TypeVar("T")


async def note(event: Placed, ctx: UnitOfWork[Publisher]) -> None:
    """What the handlers of these tests do when all is well."""
    await ctx.session.execute(sa.insert(notes).values(key=event.key, number=event.number))


def create_app(
    url: str,
    handler: Handler = note,
    *,
    policy: ReceivePolicy = POLICY,
    contract: MessageContract[Placed] = PLACED,
    lease: timedelta = timedelta(seconds=1),
) -> App[Publisher]:
    return app_with(Subscription[Placed, Publisher](policy, (contract,), handler), url, lease)


def create_batch_app(url: str, handler: Callable[[Sequence[Placed], Context], Awaitable[None]]) -> App[Publisher]:
    return app_with(BatchSubscription[Placed, Publisher](POLICY, (PLACED,), handler), url, timedelta(seconds=1))


def app_with(subscription: AnySubscription, url: str, lease: timedelta) -> App[Publisher]:
    return App(
        service="shop",
        version="1",
        source="/shop",
        publisher=Publisher,
        topology=Topology(channels=(ORDERS,), receives=(subscription.policy,)),
        subscriptions=(subscription,),
        settings=Settings(database_url=url, lease=lease, pool_size=8),
    )


@asynccontextmanager
async def prepared(app: App[Publisher]) -> AsyncIterator[App[Publisher]]:
    """The app, open, with its tables and its channels."""
    async with app:
        await app.opened.store.migrate()
        await app.opened.transport.provision(app.topology)
        async with app.opened.store.transaction() as transaction:
            connection = await transaction.session.connection()
            await connection.run_sync(notes.metadata.create_all)
        yield app


@asynccontextmanager
async def running(app: App[Publisher], roles: Sequence[Role] = ROLES) -> AsyncIterator[App[Publisher]]:
    """The app, prepared and running."""
    async with prepared(app):
        task = asyncio.create_task(app.run(roles))
        try:
            yield app
        finally:
            app.stop()
            await task


async def place(app: App[Publisher], *facts: tuple[str, int]) -> None:
    """Publish through the outbox, in one unit of work."""
    async with app.unit_of_work() as uow:
        for key, number in facts:
            uow.publish.placed(key, number)


async def noted(app: App[Publisher], key: str | None = None) -> list[tuple[str, int]]:
    rows = await app.opened.store.fetch("SELECT key, number FROM notes ORDER BY id")
    return [(row[0], row[1]) for row in rows if key in (None, row[0])]


async def count(app: App[Publisher], table: str, where: str = "1 = 1") -> int:
    return int((await app.opened.store.fetch(f"SELECT count(*) FROM {table} WHERE {where}"))[0][0])


async def eventually(read: Callable[[], Awaitable[T]], wanted: T, seconds: float = 10.0) -> None:
    """Wait until `read` returns what is wanted."""
    for _ in range(int(seconds / 0.02)):
        if await read() == wanted:
            return
        await asyncio.sleep(0.02)
    assert await read() == wanted


def message(data: bytes, *, id_: str = "1", key: str | None = "k", type_: str = PLACED.type) -> Outgoing:
    """A message as another service would send it."""
    envelope = Envelope(id=id_, source="/elsewhere", type=type_, time=datetime.now(UTC), data=data, partitionkey=key)
    return Outgoing(ORDERS.address, envelope)


async def received(app: App[Publisher], address: str, group: str = "test", number: int = 1) -> list[Delivery]:
    """Messages at `address`, as a consumer group of their own sees them."""
    channel = ChannelContract(name=address, address=address)
    policy = ReceivePolicy("read", group, channel, DeadLetterPolicy(f"{address}.dlq"))
    await app.opened.transport.provision(Topology(channels=(), receives=(policy,)))
    receiver = await app.opened.transport.receiver(policy)
    found: list[Delivery] = []
    for _ in range(50):
        found += await receiver.poll(100, 0.1)
        if len(found) >= number:
            break
    await receiver.close()
    return found
