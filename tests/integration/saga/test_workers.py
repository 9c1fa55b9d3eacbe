"""Workers side by side on one database: replies that race, and timers."""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.integration.saga.travel import bookings, contract, trip

from eda_runtime import App, Settings
from eda_runtime.consumer.poller import Poller
from eda_runtime.outbox import Outbox, Producer
from eda_runtime.saga.timers import Timers
from eda_runtime.stores import open_store
from eda_runtime.transports import Outgoing
from eda_runtime.transports.memory import MemoryBroker, MemoryTransport

TRIPS = 60


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'eda.db'}"
    found: str = request.getfixturevalue("postgresql_url")
    return found


@pytest.fixture
async def started(url: str) -> AsyncIterator[tuple[App[Any], list[UUID]]]:
    """A service on whose database many trips have started."""
    store = open_store(url)
    await store.migrate()
    trips = [uuid4() for _ in range(TRIPS)]
    async with bookings(Settings(url)).bound_to(store=store, transport=MemoryTransport(MemoryBroker())) as app:
        await app.opened.transport.provision(app.topology)
        await asyncio.gather(*await takers(app, "TripRequested", trips))
        yield app, trips
    await store.close()


async def takers(app: App[Any], name: str, trips: Sequence[UUID]) -> list[Any]:
    """Publish a message for each trip, and give back what will take them."""
    waiting = []
    for subscription in app.subscriptions:
        if contract(name).type in {each.type for each in subscription.messages}:
            queued: list[Outgoing] = []
            outbox = Outbox(Producer("/outside", app.opened.telemetry, app.opened.transport.publish), queued)
            for each in trips:
                outbox.add(contract(name), trip(name, each), subscription.policy.channel)
            receiver = await app.opened.transport.receiver(subscription.policy)
            await app.opened.transport.publish(queued)
            deliveries = await receiver.poll(TRIPS, 1)
            waiting.append(Poller(app.opened, subscription).handle(receiver, deliveries))
    return waiting


async def sent(app: App[Any]) -> Counter[str]:
    """How often each message type stands in the outbox."""
    return Counter(row[0].split(".")[1] for row in await app.opened.store.fetch("SELECT type FROM eda_outbox"))


async def test_replies_that_race_for_the_same_instances_are_all_taken(started: tuple[App[Any], list[UUID]]) -> None:
    app, trips = started
    backwards = random.Random(1).sample(trips, len(trips))
    flights, hotels = await takers(app, "FlightReserved", trips), await takers(app, "HotelReserved", backwards)

    await asyncio.gather(*flights, *hotels)

    assert (await sent(app))["TakePayment"] == TRIPS
    assert (await app.opened.store.fetch("SELECT count(*) FROM eda_parked"))[0][0] == 0


async def test_timers_side_by_side_send_each_command_once(started: tuple[App[Any], list[UUID]]) -> None:
    app, _ = started
    async with app.opened.store.transaction() as transaction:
        found = await transaction.fetch("SELECT id, progress FROM eda_saga")
        for id_, progress in found:
            later = re.sub(r'"due_at":\d+', '"due_at":1', progress)
            await transaction.fetch("UPDATE eda_saga SET due_at = 1, progress = $2 WHERE id = $1", id_, later)

    await asyncio.gather(*(Timers(app.opened, saga).work() for saga in app.sagas for _ in range(4)))

    assert await sent(app) == {"ReserveFlight": 2 * TRIPS, "ReserveHotel": 2 * TRIPS}
