"""kill -9 of a saga's coordinator at every boundary of its steps: all is done or all is undone, and nothing twice.

A boundary is before and after each commit that moves the saga, each send, and each acknowledgement. Each run kills one
process at one of them and lets another go on; runs go on until one has outlived all boundaries.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.faults.saga_travel import Effects, participants, run_coordinator
from tests.integration.saga.travel import bookings, generated, trip

from eda_runtime import App, Settings
from eda_runtime.saga import rows
from eda_runtime.saga.progress import Progress

pytestmark = pytest.mark.timeout(1200)
SAGA = "BookTrip"
LEASE = timedelta(milliseconds=300)
PATIENCE_SECONDS = 30.0
FEWEST_BOUNDARIES = 20
MOST_BOUNDARIES = 200


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
    """Starts a process in the time of a fork, from a server that has imported all that workers need."""
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, str(generated()), os.environ.get("PYTHONPATH"))))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.saga_travel", "aiosqlite", "asyncpg", "sqlalchemy.dialects.sqlite"])
    return context


@pytest.mark.parametrize("tale", TALES.values(), ids=TALES)
async def test_sqlite_coordinator_killed_at_every_boundary(
    tale: Tale, tmp_path: Path, processes: ForkServerContext
) -> None:
    coordinator = Settings(f"sqlite:///{tmp_path / 'c.db'}", f"sqlite:///{tmp_path / 'broker.db'}", lease=LEASE)
    others = Settings(f"sqlite:///{tmp_path / 'others.db'}", coordinator.broker_url, lease=LEASE)
    await survive_all(tale, coordinator, others, processes)


@pytest.mark.parametrize("tale", TALES.values(), ids=TALES)
async def test_postgresql_coordinator_killed_at_every_boundary(
    tale: Tale, postgresql_url: str, tmp_path: Path, processes: ForkServerContext
) -> None:
    coordinator = Settings(postgresql_url, lease=LEASE, pool_size=8)
    others = Settings(f"sqlite:///{tmp_path / 'others.db'}", postgresql_url, lease=LEASE, pool_size=8)
    await survive_all(tale, coordinator, others, processes)


async def survive_all(tale: Tale, settings: Settings, others: Settings, processes: ForkServerContext) -> None:
    effects = Effects()
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(bookings(settings))
        services = participants(others, effects)
        for service in services.values():
            await stack.enter_async_context(service)
        await app.opened.store.migrate()
        for each in (app, *services.values()):
            await each.opened.transport.provision(each.topology)
        always = [service for name, service in services.items() if name != "hotels" or not tale.late]
        await stack.enter_async_context(running(always))
        boundary = 1
        while await Run(tale, app, services["hotels"], effects, processes).survives(boundary):
            boundary += 1
        assert FEWEST_BOUNDARIES < boundary < MOST_BOUNDARIES


class Run:
    """One trip, whose coordinator is killed once."""

    def __init__(
        self, tale: Tale, app: App[Any], hotels: App[Any], effects: Effects, processes: ForkServerContext
    ) -> None:
        self._tale = tale
        self._app = app
        self._hotels = hotels
        self._effects = effects
        self._processes = processes
        self._trip = uuid4()

    async def survives(self, boundary: int) -> bool:
        """Whether the process was killed, and the trip came to its end nevertheless."""
        process = self._processes.Process(target=run_coordinator, args=(self._app.settings, boundary), daemon=True)
        process.start()
        async with AsyncExitStack() as stack:
            async with self._app.unit_of_work() as uow:
                uow.publish.trip_requested(trip("TripRequested", self._trip))
            try:
                await self._until_its_end(process, stack)
            except TimeoutError:
                pytest.fail(f"killed at boundary {boundary}, it does not go on: {await self._left()}")
            killed = not process.is_alive()
            process.kill()
            process.join()
        await self._check(boundary)
        return killed

    async def _until_its_end(self, process: BaseProcess, stack: AsyncExitStack) -> None:
        resumed = answering = False
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._ended():
                if not process.is_alive() and not resumed:
                    resumed = True
                    await stack.enter_async_context(running([self._app]))
                if self._tale.late and await self._may_time_out():
                    await self._time_out()
                if self._tale.late and not answering and await self._status() == "failed":
                    answering = True
                    await stack.enter_async_context(running([self._hotels]))
                await asyncio.sleep(0.02)

    async def _progress(self) -> Progress | None:
        found = await self._app.opened.store.fetch("SELECT progress FROM eda_saga WHERE id = $1", str(self._trip))
        return Progress.model_validate_json(found[0][0]) if found else None

    async def _status(self) -> str | None:
        progress = await self._progress()
        return progress.status if progress else None

    async def _ended(self) -> bool:
        left = (await self._app.opened.store.fetch("SELECT count(*) FROM eda_outbox"))[0][0]
        return left == 0 and await self._status() == self._tale.status and self._done() >= self._tale.effects

    async def _left(self) -> dict[str, object]:
        """What there is to see of a trip that does not go on."""
        sql = {
            "outbox": "SELECT type, key, problem FROM eda_outbox",
            "parked": "SELECT consumer, attempts, reason FROM eda_parked",
            "leases": "SELECT name, owner, expires_at - now_ms() FROM eda_lease",
            "history": "SELECT kind, step FROM eda_saga_history ORDER BY position DESC LIMIT 12",
        }
        store = self._app.opened.store
        found: dict[str, object] = {name: [tuple(row) for row in await store.fetch(each)] for name, each in sql.items()}
        return found | {"done": sorted(self._done()), "progress": await self._progress()}

    async def _may_time_out(self) -> bool:
        progress = await self._progress()
        return (
            progress is not None
            and {
                "reserveFlight": "done",
                "reserveHotel": "running",
            }.items()
            <= {name: step.status for name, step in progress.steps.items()}.items()
        )

    async def _time_out(self) -> None:
        async with self._app.opened.store.transaction() as transaction:
            now, known = await rows.load(transaction, SAGA, [str(self._trip)])
            known[str(self._trip)].progress.steps["reserveHotel"].deadline_at = now
            await rows.save(transaction, SAGA, list(known.values()), now)

    def _done(self) -> frozenset[str]:
        return frozenset(what for what, trip_id in self._effects if trip_id == str(self._trip))

    async def _check(self, boundary: int) -> None:
        times = {what: count for (what, trip_id), count in self._effects.items() if trip_id == str(self._trip)}
        assert times == dict.fromkeys(self._tale.effects, 1), f"killed at boundary {boundary}"
        assert await self._told() == [self._tale.ending], f"killed at boundary {boundary}"

    async def _told(self) -> Sequence[str]:
        """The endings that the saga has told, by its history."""
        sql = "SELECT message FROM eda_saga_history WHERE id = $1 AND kind IN ('completed', 'saga-failed')"
        found = await self._app.opened.store.fetch(sql, str(self._trip))
        return [row[0].split(".")[1] for row in found]


@asynccontextmanager
async def running(apps: Sequence[App[Any]]) -> AsyncIterator[None]:
    """Run services for the time of the block."""
    tasks = [asyncio.create_task(app.run()) for app in apps]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
