"""kill -9 of consumers, relays and both, at random points: nothing lost, nothing applied twice, key order kept.

Some runs have one consumer and one relay, others two of each, so that work also changes hands between the living.

`EDA_FAULT_RUNS` is the number of seeded runs on each store: 10 by default, which keeps the suite short; 50 before a release.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from tests.faults.checker import Fact, check
from tests.faults.service import STAGES, Publisher, applied, create_app, prepare, run_worker

from eda_runtime import App, Settings
from eda_runtime.app import Role

RUNS = int(os.environ.get("EDA_FAULT_RUNS", "10"))
KEYS = 8
MESSAGES = 160
PATIENCE_SECONDS = 30
LOADED_LATE = (
    "eda_runtime.consumer.poller",
    "eda_runtime.consumer.retrier",
    "eda_runtime.housekeeping",
    "eda_runtime.relay",
    "eda_runtime.saga.timers",
    "eda_runtime.stores.postgresql",
    "eda_runtime.stores.sqlite",
    "eda_runtime.transports.log",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
)
WORKERS: tuple[tuple[Role, ...], ...] = (("consumer", "retry"), ("relay",))


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Starts a process in the time of a fork, from a server that has imported all that workers need."""
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.service", *LOADED_LATE])
    return context


@pytest.mark.parametrize("seed", range(RUNS))
async def test_sqlite_survives_kills(seed: int, tmp_path: Path, processes: ForkServerContext) -> None:
    await survive(f"sqlite:///{tmp_path / 'eda.db'}", seed, processes)


@pytest.mark.parametrize("seed", range(RUNS))
async def test_postgresql_survives_kills(seed: int, postgresql_url: str, processes: ForkServerContext) -> None:
    await survive(postgresql_url, seed, processes)


async def survive(url: str, seed: int, processes: ForkServerContext) -> None:
    rng = random.Random(seed)
    settings = Settings(database_url=url, lease=timedelta(milliseconds=300), pool_size=4)
    async with create_app(settings) as app:
        await prepare(app)
        with Workers(settings, processes, crew=WORKERS * rng.choice((1, 2))) as workers:
            publishing = asyncio.create_task(publish(app, rng))
            await workers.be_killed(app, rng)
            published = await publishing
            left = await settle(app, len(published))
        for stage in STAGES:
            verdict = check(published, await applied(app, stage))
            assert verdict.clean, f"{stage}: {verdict}; parked: {await parked(app)}"
        assert left == 0, f"{left} rows wait in the outbox or are parked"


class Workers:
    """A process for each set of roles in `crew`, started anew whenever it was killed."""

    def __init__(self, settings: Settings, processes: ForkServerContext, crew: Sequence[tuple[Role, ...]]) -> None:
        self._settings = settings
        self._crew = crew
        self._processes = processes
        self._running: list[BaseProcess] = []

    def __enter__(self) -> Workers:
        self._running = [self._start(roles) for roles in self._crew]
        return self

    def __exit__(self, *_: object) -> None:
        for index in range(len(self._crew)):
            self._kill(index)

    async def be_killed(self, app: App[Publisher], rng: random.Random) -> None:
        """Kill some of the crew a few times, each time when some more has been applied."""
        for _ in range(rng.randint(2, 4)):
            await progress(app, await number_applied(app) + rng.randint(1, 40))
            await asyncio.sleep(rng.uniform(0.0, 0.03))
            victims = rng.sample(range(len(self._crew)), rng.randint(1, len(self._crew)))
            for index in victims:
                self._kill(index)
            for index in victims:
                self._running[index] = self._start(self._crew[index])

    def _start(self, roles: tuple[Role, ...]) -> BaseProcess:
        process = self._processes.Process(target=run_worker, args=(self._settings, roles), daemon=True)
        process.start()
        return process

    def _kill(self, index: int) -> None:
        self._running[index].kill()
        self._running[index].join()


async def publish(app: App[Publisher], rng: random.Random) -> list[Fact]:
    """Place messages of a few keys in small transactions, some of which roll back; returns what was committed."""
    committed: list[Fact] = []
    numbers = dict.fromkeys((f"k{key}" for key in range(KEYS)), 0)
    while len(committed) < MESSAGES:
        facts = []
        for key in rng.sample(sorted(numbers), rng.randint(1, KEYS)):
            facts.append(Fact(key, numbers[key]))
            numbers[key] += 1
        with rolled_back():
            async with app.unit_of_work() as uow:
                for fact in facts:
                    uow.publish.placed(fact.key, fact.number)
                if rng.random() < 0.1:
                    raise RollBack
            committed += facts
        await asyncio.sleep(rng.uniform(0.0, 0.03))
    return committed


class RollBack(Exception):
    """Raised on purpose inside a unit of work."""


@contextmanager
def rolled_back() -> Iterator[None]:
    try:
        yield
    except RollBack:
        return


async def progress(app: App[Publisher], number: int) -> None:
    """Wait until `number` facts have been applied, or for a while."""
    for _ in range(150):
        if await number_applied(app) >= number:
            return
        await asyncio.sleep(0.01)


async def number_applied(app: App[Publisher]) -> int:
    return int((await app.opened.store.fetch("SELECT count(*) FROM notes"))[0][0])


async def settle(app: App[Publisher], number: int) -> int:
    """Wait until all stages have applied `number` messages and no row waits, or until nothing has happened for long.

    Returns how many rows still wait.
    """
    seen, still = (-1, -1), 0
    while still < PATIENCE_SECONDS * 20:
        now = (await number_applied(app), await waiting(app))
        if now[0] >= number * len(STAGES) and now[1] == 0:
            break
        still = still + 1 if now == seen else 0
        seen = now
        await asyncio.sleep(0.05)
    return await waiting(app)


async def waiting(app: App[Publisher]) -> int:
    rows = await app.opened.store.fetch("SELECT (SELECT count(*) FROM eda_outbox) + (SELECT count(*) FROM eda_parked)")
    return int(rows[0][0])


async def parked(app: App[Publisher]) -> list[tuple[object, ...]]:
    """What tells a message that is lost from one that waits too long."""
    rows = await app.opened.store.fetch(
        'SELECT consumer, "key", "position", attempts, due_at - now_ms(), dead_at FROM eda_parked ORDER BY "position"'
    )
    return [tuple(row) for row in rows]
