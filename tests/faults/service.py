"""A service for faults: what it places, it receives, passes on, and receives again; each time it notes the fact."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import Sequence
from datetime import timedelta

from pydantic import Field
from tests.faults.checker import Fact

from eda_runtime import (
    App,
    ChannelContract,
    Context,
    DeadLetterPolicy,
    Event,
    MessageContract,
    Outbox,
    ReceivePolicy,
    RetryPolicy,
    Settings,
    Subscription,
    Topology,
)
from eda_runtime.app import Role

__all__ = ["STAGES", "Publisher", "applied", "create_app", "prepare", "run_worker"]

STAGES = ("placed", "passed")
NOTES = "CREATE TABLE notes (id {serial}, stage TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL)"


class Placed(Event):
    key: str = Field(validation_alias="orderKey", serialization_alias="orderKey")
    number: int


class Passed(Event):
    key: str = Field(validation_alias="orderKey", serialization_alias="orderKey")
    number: int


KEY = "$message.payload#/orderKey"
PLACED = MessageContract(name="Placed", version=1, type="faults.Placed.v1", model=Placed, key=KEY)
PASSED = MessageContract(name="Passed", version=1, type="faults.Passed.v1", model=Passed, key=KEY)
CHANNELS = {name: ChannelContract(name=name, address=f"faults.{name}", partitions=4) for name in STAGES}


class Publisher:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def placed(self, key: str, number: int) -> None:
        self._outbox.add(PLACED, Placed(key=key, number=number), CHANNELS["placed"])

    def passed(self, event: Placed) -> None:
        self._outbox.add(PASSED, Passed(key=event.key, number=event.number), CHANNELS["passed"])


def policy(stage: str) -> ReceivePolicy:
    return ReceivePolicy(
        operation=stage,
        group=f"faults.{stage}",
        channel=CHANNELS[stage],
        dead_letter=DeadLetterPolicy(address=f"faults.{stage}.dlq"),
        retry=RetryPolicy(attempts=50, initial=timedelta(milliseconds=20), max=timedelta(milliseconds=100)),
        concurrency=4,
        batch=20,
    )


async def on_placed(event: Placed, ctx: Context[Publisher]) -> None:
    if ctx.attempt == 1 and zlib.crc32(f"{event.key} {event.number}".encode()) % 11 == 0:
        raise RuntimeError("fails at first")
    await note(ctx, "placed", event.key, event.number)
    ctx.publish.passed(event)


async def on_passed(event: Passed, ctx: Context[Publisher]) -> None:
    await note(ctx, "passed", event.key, event.number)


async def note(ctx: Context[Publisher], stage: str, key: str, number: int) -> None:
    connection = ctx.connection
    await connection.execute(f"INSERT INTO notes (stage, key, number) VALUES ('{stage}', '{key}', {number})")


def create_app(settings: Settings) -> App[Publisher]:
    return App(
        service="faults",
        version="1",
        source="/faults",
        publisher=Publisher,
        topology=Topology(channels=tuple(CHANNELS.values()), receives=tuple(policy(stage) for stage in STAGES)),
        subscriptions=(
            Subscription[Placed, Publisher](policy=policy("placed"), messages=(PLACED,), handle=on_placed),
            Subscription[Passed, Publisher](policy=policy("passed"), messages=(PASSED,), handle=on_passed),
        ),
        settings=settings,
    )


async def prepare(app: App[Publisher]) -> None:
    """Make the tables and the channels; the app is open."""
    await app.opened.store.migrate()
    await app.opened.transport.provision(app.topology)
    embedded = app.opened.store.embedded
    async with app.opened.store.transaction() as transaction:
        serial = "INTEGER PRIMARY KEY AUTOINCREMENT" if embedded else "BIGSERIAL PRIMARY KEY"
        await transaction.fetch(NOTES.format(serial=serial))


async def applied(app: App[Publisher], stage: str) -> Sequence[Fact]:
    rows = await app.opened.store.fetch("SELECT key, number FROM notes WHERE stage = $1 ORDER BY id", stage)
    return [Fact(key, number) for key, number in rows]


def run_worker(settings: Settings, roles: tuple[Role, ...]) -> None:
    """The body of a worker process, which somebody will kill."""
    logging.disable(logging.CRITICAL)
    asyncio.run(create_app(settings).run(roles))
