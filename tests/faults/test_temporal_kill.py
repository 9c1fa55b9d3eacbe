"""kill -9 of the process that has a saga's consumers, relay and Temporal worker: all trips are booked, nothing twice.

Each process dies at a boundary of its own, a later one each time; another takes over, and a trip more is asked for.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
from contextlib import AsyncExitStack
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from tests.faults.killing import run_until
from tests.faults.lanes import running
from tests.faults.saga_travel import Effects, participants
from tests.integration.saga.travel import SPECS, bookings, generate, generated, service_module, trip

from eda_runtime import Settings
from eda_runtime.temporal import connect
from eda_runtime.transports.registry import open_transport

pytestmark = [pytest.mark.xdist_group("temporal-kills"), pytest.mark.timeout(300)]
PACKAGE = "travel_by_temporal"
LEASE = timedelta(milliseconds=300)
BOUNDARIES = int(os.environ.get("EDA_FAULT_RUNS", "8"))
PATIENCE_SECONDS = 60.0
DONE = ("reserve flight", "reserve hotel", "take payment", "issue ticket")


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts a process in the time of a fork, from a server that has imported all that coordinators need."""
    folders = (generated(), generate(PACKAGE, SPECS, "--service", "bookings", "--target", "temporal"))
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join((root, *map(str, folders), os.environ.get("PYTHONPATH", "")))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.saga_travel", "aiosqlite", "temporalio.worker"])
    return context


async def test_trips_survive_the_death_of_their_coordinator_at_any_boundary(
    temporal_address: str, processes: ForkServerContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_address)
    settings = Settings(f"sqlite:///{tmp_path / 'c.db'}", f"sqlite:///{tmp_path / 'broker.db'}", lease=LEASE)
    others = Settings(f"sqlite:///{tmp_path / 'others.db'}", settings.broker_url, lease=LEASE)
    effects, trips = Effects(), [uuid4() for _ in range(BOUNDARIES)]
    services = participants(others, effects).values()
    async with bookings(settings, package=PACKAGE) as app, AsyncExitStack() as stack:
        for each in (app, *services):
            await stack.enter_async_context(each)
            await each.opened.transport.provision(each.topology)
        await stack.enter_async_context(running([*services]))
        for boundary, trip_id in enumerate(trips, 1):
            async with app.unit_of_work() as uow:
                uow.publish.trip_requested(trip("TripRequested", trip_id, PACKAGE))
            await die(processes.Process(target=coordinate, args=(settings, temporal_address, boundary), daemon=True))
        async with running([app]):
            told = await asyncio.wait_for(asyncio.gather(*map(outcome, trips)), PATIENCE_SECONDS)

    assert told == [("completed", 1, 1)] * BOUNDARIES
    assert effects == {(what, str(trip_id)): 1 for trip_id in trips for what in DONE}


def coordinate(settings: Settings, temporal_address: str, crash_at: int) -> None:
    """The body of a process that is killed at its boundary numbered `crash_at`; a fork has its server's environment."""
    os.environ["TEMPORAL_ADDRESS"] = temporal_address
    logging.disable(logging.CRITICAL)
    asyncio.run(_coordinate(settings, crash_at))


async def _coordinate(settings: Settings, crash_at: int) -> None:
    transport = await open_transport(settings.broker_url, settings)
    await run_until(crash_at, bookings(settings, package=PACKAGE), transport)


async def die(process: BaseProcess) -> None:
    """A coordinator's life."""
    process.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while process.is_alive():  # noqa: ASYNC110  a process has no event to wait for
                await asyncio.sleep(0.02)
    finally:
        process.kill()
        process.join()


async def outcome(trip_id: UUID) -> tuple[str, int, int]:
    """How a trip ended, and how often it was told to have started and to have ended."""
    workflow = service_module("bookings.workflows.book_trip", PACKAGE).BookTripWorkflow
    handle: WorkflowHandle[Any, Any] = (await connect()).get_workflow_handle_for(workflow.run, f"BookTrip/{trip_id}")
    while not await has_started(handle):  # noqa: ASYNC110  a server has no event to wait for
        await asyncio.sleep(0.2)
    ended = await handle.result()
    kinds = [each.kind for each in await handle.query(workflow.history)]
    return ended.status, kinds.count("started"), kinds.count("completed")


async def has_started(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        await handle.describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
