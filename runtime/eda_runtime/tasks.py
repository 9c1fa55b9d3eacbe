"""Ends tasks for certain."""

from __future__ import annotations

import asyncio

__all__ = ["end"]

PATIENCE_SECONDS = 0.5


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it has ended, however it does. Once may not do: on Python 3.11, what awaits `asyncio.wait_for`, as clients of brokers
    do, goes on as if nothing had been said when its result comes at the same time."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not warn of it
