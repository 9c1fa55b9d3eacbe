"""kill -9 of a saga's coordinator at every boundary, in several lanes side by side.

A lane has a database and addresses of its own, so that lanes share nothing but the machine. Each run starts one instance
and a process that is killed at one boundary of the way, and lets another coordinator go on; runs go on until one has
outlived all boundaries.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

import pytest

from eda_runtime import App

__all__ = ["Instance", "Lane", "fork_server", "outlive_all", "running"]

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.03
FEWEST_BOUNDARIES = 20
MOST_BOUNDARIES = 200


class Instance(Protocol):
    """One instance of a saga, under way."""

    async def ended(self) -> bool:
        """Whether it has come to its end; asked again and again."""
        ...

    async def left(self) -> Mapping[str, object]:
        """What there is to see of one that does not go on."""
        ...

    async def check(self, boundary: int) -> None:
        """Assert that everything about it happened once, though a process was killed at `boundary`."""
        ...


@dataclass(frozen=True, slots=True)
class Lane:
    """`process` makes a coordinator that is killed at a boundary; `app` is the one that goes on after it."""

    app: App[Any]
    process: Callable[[int], BaseProcess]
    begin: Callable[[], AbstractAsyncContextManager[Instance]]


def fork_server(preload: Sequence[str], path: Sequence[Path] = ()) -> ForkServerContext:
    """Starts a process in the time of a fork, from a server that has imported all that workers need."""
    folders = (str(Path(__file__).parents[2]), *map(str, path), os.environ.get("PYTHONPATH"))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*preload, "aiosqlite", "asyncpg", "sqlalchemy.dialects.sqlite"])
    return context


async def outlive_all(lanes: Sequence[Lane]) -> None:
    """Kill at each boundary, whichever lane is free; a lane stops at a number that no process reaches any more."""
    boundaries = itertools.count(1)
    outlived = await asyncio.gather(*(_kill_in(lane, boundaries) for lane in lanes))
    assert FEWEST_BOUNDARIES < min(outlived) <= max(outlived) < MOST_BOUNDARIES


async def _kill_in(lane: Lane, boundaries: Iterator[int]) -> int:
    while await _killed_at(boundary := next(boundaries), lane):
        pass
    return boundary


async def _killed_at(boundary: int, lane: Lane) -> bool:
    """Whether the process was killed, and the instance came to its end nevertheless."""
    process = lane.process(boundary)
    process.start()
    async with lane.begin() as instance, AsyncExitStack() as successor:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await instance.ended():
                    if not process.is_alive():
                        await successor.enter_async_context(running([lane.app]))
                        await _until_ended(instance)
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            end = f"killed at boundary {boundary}" if process.exitcode is not None else f"outliving boundary {boundary}"
            pytest.fail(f"{end}, it does not go on: {await instance.left()}")
        killed = not process.is_alive()
        process.kill()
        process.join()
    await instance.check(boundary)
    return killed


async def _until_ended(instance: Instance) -> None:
    while not await instance.ended():  # noqa: ASYNC110  it is rows in a database
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def running(apps: Sequence[App[Any]]) -> AsyncIterator[None]:
    """Run services for the time of the block."""
    tasks = [asyncio.create_task(app.run()) for app in apps]
    try:
        yield
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended:
            task.result()
