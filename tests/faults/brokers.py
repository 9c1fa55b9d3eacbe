"""Faults that a service survives on every broker: nothing lost, nothing applied twice, key order kept.

Consumers and relays are killed, the broker is killed and started again, the network is cut by a proxy, workers come and go.
`EDA_FAULT_RUNS`, 10 by default, counts seeded runs on the SQL log; for each broker a tenth of them kills workers, and a
twentieth is made of each other fault. A broker's tests derive from `BrokerFaults` and have a fixture `server`.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

import pytest
from tests.faults.checker import Fact, check
from tests.faults.proxy import Proxy, running_proxy
from tests.faults.service import STAGES, Publisher, applied, create_app, prepare, run_worker
from tests.faults.test_kill import publish, waiting

from eda_runtime import App, Settings
from eda_runtime.app import Role

__all__ = ["BrokerFaults", "Server"]

RUNS = int(os.environ.get("EDA_FAULT_RUNS", "10"))
SEEDS = range(max(1, RUNS // 20))
KILL_SEEDS = range(max(1, RUNS // 10))
CUT_SECONDS = 10.0
PATIENCE_SECONDS = 60
CONSUMER: tuple[Role, ...] = ("consumer", "retry")
RELAY: tuple[Role, ...] = ("relay",)


class Server(Protocol):
    """A broker of our own, as it will be killed. What it keeps outlives a kill."""

    port: int
    advertised: int
    """The port of the proxy that clients connect to."""

    @property
    def url(self) -> str:
        """`EDA_BROKER_URL` by way of the proxy."""
        ...

    def start(self) -> None:
        """Start, or start again, and wait until it answers at `port`."""
        ...

    def kill(self) -> None:
        """SIGKILL."""
        ...

    def clear(self) -> None:
        """Delete all topics, queues and groups, by way of the proxy."""
        ...


@dataclass(slots=True)
class Crew:
    """Worker processes of the service, any of which may be killed and started anew."""

    settings: Settings
    processes: ForkServerContext
    running: list[tuple[tuple[Role, ...], BaseProcess]] = field(default_factory=list)

    def start(self, roles: tuple[Role, ...]) -> None:
        process = self.processes.Process(target=run_worker, args=(self.settings, roles), daemon=True)
        process.start()
        self.running.append((roles, process))

    def kill(self, index: int) -> tuple[Role, ...]:
        roles, process = self.running.pop(index)
        process.kill()
        process.join()
        return roles


@dataclass(frozen=True, slots=True)
class Scene:
    """A service under way: its workers, its broker, and the network between."""

    app: App[Publisher]
    crew: Crew
    server: Server
    proxy: Proxy
    rng: random.Random

    async def progress(self) -> None:
        """Wait until some more has been applied, so that the next fault meets work in hand."""
        goal = await number_applied(self.app) + self.rng.randint(5, 80)
        for _ in range(PATIENCE_SECONDS * 50):
            if await number_applied(self.app) >= goal:
                break
            await asyncio.sleep(0.02)


@asynccontextmanager
async def scene(seed: int, server: Server, folder: Path, *crew: tuple[Role, ...]) -> AsyncIterator[Scene]:
    """Place messages while the block does its worst, wait until all have been applied, and judge."""
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    settings = Settings(
        database_url=f"sqlite:///{folder / 'eda.db'}",
        broker_url=server.url,
        lease=timedelta(seconds=1),
        grace=timedelta(seconds=5),
    )
    rng = random.Random(seed)
    workers = Crew(settings, multiprocessing.get_context("forkserver"))
    async with running_proxy(server.advertised, server.port) as proxy:
        await asyncio.to_thread(server.clear)
        async with create_app(settings) as app:
            await prepare(app)
            try:
                for roles in crew:
                    workers.start(roles)
                publishing = asyncio.create_task(publish(app, rng))
                yield Scene(app, workers, server, proxy, rng)
                published = await publishing
                await settle(app, len(published))
                await judge(app, published)
            finally:
                while workers.running:
                    workers.kill(0)


async def settle(app: App[Publisher], number: int) -> None:
    """Until all stages have applied `number` messages and no row waits, or nobody would wait any longer."""
    for _ in range(PATIENCE_SECONDS * 10):
        done = [len(await applied(app, stage)) >= number for stage in STAGES]
        if all(done) and await waiting(app) == 0:
            return
        await asyncio.sleep(0.1)


async def number_applied(app: App[Publisher]) -> int:
    return int((await app.opened.store.fetch("SELECT count(*) FROM notes"))[0][0])


async def judge(app: App[Publisher], published: list[Fact]) -> None:
    for stage in STAGES:
        verdict = check(published, await applied(app, stage))
        assert verdict.clean, f"{stage}: {verdict}"
    assert await waiting(app) == 0


class BrokerFaults:
    """Derive from this, and give the class a fixture `server`."""

    @pytest.mark.parametrize("seed", KILL_SEEDS)
    async def test_consumers_and_relays_may_be_killed(self, seed: int, server: Server, tmp_path: Path) -> None:
        async with scene(seed, server, tmp_path, CONSUMER, CONSUMER, RELAY, RELAY) as stage:
            for _ in range(stage.rng.randint(2, 4)):
                await stage.progress()
                for _ in range(stage.rng.randint(1, 2)):
                    stage.crew.start(stage.crew.kill(stage.rng.randrange(len(stage.crew.running))))

    @pytest.mark.parametrize("seed", SEEDS)
    async def test_the_broker_may_be_killed_and_started_again(self, seed: int, server: Server, tmp_path: Path) -> None:
        async with scene(seed, server, tmp_path, CONSUMER, RELAY) as stage:
            await stage.progress()
            stage.server.kill()
            await asyncio.to_thread(stage.server.start)

    @pytest.mark.parametrize("seed", SEEDS)
    async def test_the_network_may_be_cut(self, seed: int, server: Server, tmp_path: Path) -> None:
        async with scene(seed, server, tmp_path, CONSUMER, RELAY) as stage:
            await stage.progress()
            await stage.proxy.cut(CUT_SECONDS)

    @pytest.mark.parametrize("seed", SEEDS)
    async def test_workers_may_come_and_go(self, seed: int, server: Server, tmp_path: Path) -> None:
        async with scene(seed, server, tmp_path, CONSUMER, CONSUMER, RELAY) as stage:
            await stage.progress()
            stage.crew.start(CONSUMER)
            await stage.progress()
            stage.crew.kill(0)
