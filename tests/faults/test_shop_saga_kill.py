"""kill -9 of the shop's coordinator at every boundary, on Apache Kafka with PostgreSQL: each order is fulfilled, or all that was
done for it is undone, and nothing happens twice.

A boundary is before and after each commit that moves the saga, each send, and each acknowledgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from typing import Any
from uuid import UUID, uuid4

import pytest
from examples.shop.checker import JOURNALS
from examples.shop.create_tables import create_tables
from examples.shop.orders.events.order_placed import OrderPlaced
from examples.shop.orders.tables import Order
from tests.faults.lanes import Lane, fork_server, outlive_all, running
from tests.faults.saga_shop import coordinator, participants, run_coordinator
from tests.services import kafka
from tests.services.postgresql import fresh_database

from eda_runtime import App, Settings
from eda_runtime.stores import Store

pytestmark = [pytest.mark.xdist_group("shop-saga-kills"), pytest.mark.timeout(600)]
LANES = 3
LEASE = timedelta(seconds=1)
"""Of those that are killed; Kafka gives their partitions to others after that."""


@dataclass(frozen=True, slots=True)
class Tale:
    """What is to come of an order to a country."""

    country: str
    status: str
    effects: frozenset[str]


TALES = {
    "all goes well": Tale("PT", "completed", frozenset(("reserved", "taken", "dispatched", "fulfilled"))),
    "no carrier goes there": Tale(
        "AQ", "failed", frozenset(("reserved", "taken", "no carrier", "refunded", "released", "rejected"))
    ),
}


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    return fork_server(["tests.faults.saga_shop", "confluent_kafka"])


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    with kafka.running_server() as url:
        yield url


@pytest.mark.parametrize("tale", TALES.values(), ids=TALES)
async def test_the_shops_coordinator_is_killed_at_every_boundary(
    tale: Tale, broker: str, postgresql_server: str, processes: ForkServerContext
) -> None:
    async with AsyncExitStack() as stack:
        lanes = []
        for _ in range(LANES):
            ours = await stack.enter_async_context(fresh_database(postgresql_server))
            theirs = await stack.enter_async_context(fresh_database(postgresql_server))
            settings = Settings(ours, broker, lease=LEASE, pool_size=4)
            lanes.append(await stack.enter_async_context(lane(tale, settings, Settings(theirs, broker), processes)))
        await outlive_all(lanes)


@asynccontextmanager
async def lane(tale: Tale, settings: Settings, others: Settings, processes: ForkServerContext) -> AsyncIterator[Lane]:
    """The services opened, and those but the coordinator running."""
    name = f"lane-{uuid4()}"
    async with AsyncExitStack() as stack:
        app, services = coordinator(settings, name), participants(others, name)
        for service in (app, *services):
            await stack.enter_async_context(service)
            await service.opened.store.migrate()
            await service.opened.transport.provision(service.topology)
        stores = (app.opened.store, services[0].opened.store)
        for store in stores:
            await create_tables(store)
        await stack.enter_async_context(running(services))
        yield Lane(
            app,
            lambda boundary: processes.Process(target=run_coordinator, args=(settings, name, boundary), daemon=True),
            lambda: placed(Purchase(tale, app, stores)),
        )


@asynccontextmanager
async def placed(purchase: Purchase) -> AsyncIterator[Purchase]:
    async with purchase.app.unit_of_work() as uow:
        uow.session.add(Order(id=str(purchase.id), customer_id="ada", number=1, status="placed"))
        uow.publish.order_placed(OrderPlaced.model_validate(purchase.order))
    yield purchase


@dataclass(frozen=True, slots=True)
class Purchase:
    """One order. The journals of the services are in the databases of `stores`."""

    tale: Tale
    app: App[Any]
    stores: tuple[Store, ...]
    id: UUID = field(default_factory=uuid4)

    @property
    def order(self) -> Mapping[str, object]:
        return {
            "orderId": self.id,
            "customerId": "ada",
            "number": 1,
            "lines": [{"sku": "teapot", "quantity": 1}],
            "total": {"amount": "12.50", "currency": "EUR"},
            "shipTo": {"name": "Ada", "street": "1 Rua", "city": "Lisboa", "country": self.tale.country},
        }

    async def ended(self) -> bool:
        sql = "SELECT (SELECT count(*) FROM eda_outbox), (SELECT status FROM eda_saga WHERE id = $1)"
        left, status = (await self.stores[0].fetch(sql, str(self.id)))[0]
        return left == 0 and status == self.tale.status and (await self._effects()).keys() >= self.tale.effects

    async def left(self) -> Mapping[str, object]:
        sql = {
            "outbox": "SELECT type, key, problem FROM eda_outbox",
            "parked": "SELECT consumer, attempts, reason FROM eda_parked",
            "history": "SELECT kind, step FROM eda_saga_history ORDER BY position DESC LIMIT 12",
        }
        found: dict[str, object] = {
            name: [tuple(row) for store in self.stores for row in await store.fetch(each)] for name, each in sql.items()
        }
        return found | {"effects": await self._effects()}

    async def check(self, boundary: int) -> None:
        assert await self._effects() == dict.fromkeys(self.tale.effects, 1), f"killed at boundary {boundary}"

    async def _effects(self) -> Counter[str]:
        sql = " UNION ALL ".join(f"SELECT kind FROM {journal} WHERE order_id = $1" for journal in JOURNALS)
        return Counter([row[0] for store in self.stores for row in await store.fetch(sql, str(self.id))])
