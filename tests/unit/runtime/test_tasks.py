"""Tasks are ended, whatever they make of a cancellation."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from eda_runtime.tasks import end


async def test_a_task_that_swallows_a_cancellation_ends_at_the_next_one() -> None:
    async def swallow() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    task = asyncio.create_task(swallow())
    await asyncio.sleep(0)

    await end(task)

    assert task.cancelled()


async def test_a_task_that_has_failed_is_left_as_it_is() -> None:
    async def fail() -> None:
        raise ConnectionError("gone")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)

    await end(task)

    assert isinstance(task.exception(), ConnectionError)
