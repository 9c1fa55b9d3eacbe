"""kill -9 of the travel saga's coordinator at every boundary: all is done or all is undone, and nothing twice.

A boundary is before and after each commit that moves the saga, each send, and each acknowledgement.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.faults.lanes import Lane, fork_server, outlive_all, running
from tests.faults.saga_travel import Effects, participants, run_coordinator
from tests.integration.saga.travel import bookings, generated, trip
from tests.services.postgresql import fresh_database

from eda_runtime import App, Settings
from eda_runtime.saga import rows
from eda_runtime.saga.progress import Progress
from eda_runtime.stores import open_store
from eda_runtime.transports.registry import open_transport

pytestmark = [pytest.mark.xdist_group("saga-kills"), pytest.mark.timeout(600)]
SAGA = "BookTrip"
LEASE = timedelta(milliseconds=400)
"""Of those that are killed; the short lease of a log is often renewed."""
LANES = 5
POSTGRESQL_LANES = 3
"""As many as leave a server of a hundred connections enough for other tests."""


@dataclass(frozen=True, slots=True)
class Tale:
    """What is to come of a trip. `late`: the hotel answers only after its time-out has turned the saga back."""

    late: bool
    status: str
    effects: frozenset[str]
    ending: str


BOTH = frozenset(("reserve flight", "reserve hotel"))
UNDONE = BOTH | {"cancel flight", "cancel hotel"}
TALES = {
    "all goes well": Tale(False, "completed", BOTH | {"take payment", "issue ticket"}, "TripBooked"),
    "a reply comes after the time-out": Tale(True, "failed", UNDONE, "TripRejected"),
}


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    return fork_server(["tests.faults.saga_travel"], [generated()])


@pytest.mark.parametrize("tale", TALES.values(), ids=TALES)
async def test_sqlite_coordinator_killed_at_every_boundary(
    tale: Tale, tmp_path: Path, processes: ForkServerContext
) -> None:
    async with AsyncExitStack() as stack:
        lanes = []
        for number in range(LANES):
            folder = tmp_path / str(number)
            folder.mkdir()
            settings = Settings(f"sqlite:///{folder / 'c.db'}", f"sqlite:///{folder / 'broker.db'}", lease=LEASE)
            others = Settings(f"sqlite:///{folder / 'others.db'}", settings.broker_url)
            lanes.append(await stack.enter_async_context(lane(tale, settings, others, processes)))
        await outlive_all(lanes)


@pytest.mark.parametrize("tale", TALES.values(), ids=TALES)
async def test_postgresql_coordinator_killed_at_every_boundary(
    tale: Tale, postgresql_server: str, tmp_path: Path, processes: ForkServerContext
) -> None:
    async with AsyncExitStack() as stack:
        lanes = []
        for number in range(POSTGRESQL_LANES):
            url = await stack.enter_async_context(fresh_database(postgresql_server))
            settings = Settings(url, lease=LEASE, pool_size=4)
            others = Settings(f"sqlite:///{tmp_path / f'{number}.db'}", url)
            lanes.append(await stack.enter_async_context(lane(tale, settings, others, processes)))
        await outlive_all(lanes)


@asynccontextmanager
async def lane(tale: Tale, settings: Settings, others: Settings, processes: ForkServerContext) -> AsyncIterator[Lane]:
    """The services opened, and those but the coordinator running; the hotels only where they are not to be late."""
    effects = Effects()
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(bookings(settings))
        services = await stack.enter_async_context(side_by_side(participants(others, effects), others))
        await app.opened.store.migrate()
        for each in (app, *services.values()):
            await each.opened.transport.provision(each.topology)
        always = [service for name, service in services.items() if name != "hotels" or not tale.late]
        await stack.enter_async_context(running(always))
        yield Lane(
            app,
            lambda boundary: processes.Process(target=run_coordinator, args=(settings, boundary), daemon=True),
            lambda: started(Trip(tale, app, services["hotels"], effects)),
        )


@asynccontextmanager
async def side_by_side(services: Mapping[str, App[Any]], settings: Settings) -> AsyncIterator[Mapping[str, App[Any]]]:
    """Services opened on one store and one transport, for the sake of the server's connections."""
    store = open_store(settings.database_url)
    transport = await open_transport(settings.broker_url, settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        stack.push_async_callback(transport.close)
        bound = {name: service.bound_to(store=store, transport=transport) for name, service in services.items()}
        for service in bound.values():
            await stack.enter_async_context(service)
        yield bound


@asynccontextmanager
async def started(instance: Trip) -> AsyncIterator[Trip]:
    async with instance.app.unit_of_work() as uow:
        uow.publish.trip_requested(trip("TripRequested", instance.id))
    async with instance.later:
        yield instance


@dataclass(slots=True)
class Trip:
    """One trip, and how far it has come."""

    tale: Tale
    app: App[Any]
    hotels: App[Any]
    effects: Effects
    id: UUID = field(default_factory=uuid4)
    later: AsyncExitStack = field(default_factory=AsyncExitStack)
    answering: bool = False

    async def ended(self) -> bool:
        left, progress = await self._look()
        if progress is not None and self.tale.late:
            await self._be_late(progress)
        return left == 0 and progress is not None and progress.status == self.tale.status and self._done()

    async def left(self) -> Mapping[str, object]:
        sql = {
            "outbox": "SELECT type, key, problem FROM eda_outbox",
            "parked": "SELECT consumer, attempts, reason FROM eda_parked",
            "leases": "SELECT name, owner, expires_at - now_ms() FROM eda_lease",
            "history": "SELECT kind, step FROM eda_saga_history ORDER BY position DESC LIMIT 12",
        }
        store = self.app.opened.store
        found: dict[str, object] = {name: [tuple(row) for row in await store.fetch(each)] for name, each in sql.items()}
        return found | {"done": self._times(), "progress": await self._look()}

    async def check(self, boundary: int) -> None:
        assert self._times() == dict.fromkeys(self.tale.effects, 1), f"killed at boundary {boundary}"
        assert await self._told() == [self.tale.ending], f"killed at boundary {boundary}"

    async def _look(self) -> tuple[int, Progress | None]:
        """Messages in the outbox, and the saga's progress."""
        sql = "SELECT (SELECT count(*) FROM eda_outbox), (SELECT progress FROM eda_saga WHERE id = $1)"
        left, progress = (await self.app.opened.store.fetch(sql, str(self.id)))[0]
        return left, Progress.model_validate_json(progress) if progress else None

    async def _be_late(self, progress: Progress) -> None:
        """Let the hotel's step time out once the flight is reserved, and the hotel answer once all is undone."""
        reserved = {"reserveFlight": "done", "reserveHotel": "running"}
        if reserved.items() <= {name: step.status for name, step in progress.steps.items()}.items():
            await self._time_out()
        if progress.status == "failed" and not self.answering:
            self.answering = True
            await self.later.enter_async_context(running([self.hotels]))

    async def _time_out(self) -> None:
        async with self.app.opened.store.transaction() as transaction:
            now, known = await rows.load(transaction, SAGA, [str(self.id)])
            known[str(self.id)].progress.steps["reserveHotel"].deadline_at = now
            await rows.save(transaction, SAGA, list(known.values()), now)

    def _done(self) -> bool:
        return self._times().keys() >= self.tale.effects

    def _times(self) -> dict[str, int]:
        return {what: count for (what, trip_id), count in self.effects.items() if trip_id == str(self.id)}

    async def _told(self) -> Sequence[str]:
        """The endings that the saga has told, by its history."""
        sql = "SELECT message FROM eda_saga_history WHERE id = $1 AND kind IN ('completed', 'saga-failed')"
        found = await self.app.opened.store.fetch(sql, str(self.id))
        return [row[0].split(".")[1] for row in found]
