"""`eda run` and signals: a batch in hand is finished, for the grace period at most; a second signal ends at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.integration.runtime.support import Context, Placed, count, create_app, noted, place, prepared

from eda_runtime.app import CLOSE_SECONDS

ROOT = Path(__file__).parents[3]


@asynccontextmanager
async def service(url: str, *, grace: float = 20) -> AsyncIterator[Process]:
    """`eda run` in a process, which has begun with its first message."""
    environment = os.environ | {"EDA_DATABASE_URL": url, "EDA_GRACE_SECONDS": str(grace)}
    command = (str(Path(sys.executable).parent / "eda"), "run", "tests.integration.runtime.slow_service:app")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE)
    try:
        assert process.stdout is not None
        assert (await process.stdout.readline()).startswith(b"begins")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_service_that_is_told_to_stop_finishes_its_batch_and_exits_with_0(url: str) -> None:
    async with prepared(create_app(url)) as app:
        await place(app, ("a", 400), ("a", 401))
        async with service(url) as process:
            process.send_signal(signal.SIGTERM)

            assert await process.wait() == 0

        assert await noted(app) == [("a", 400), ("a", 401)]
        assert await count(app, "eda_lease") == 0


async def test_what_takes_longer_than_the_grace_period_is_given_up_and_done_the_next_time(url: str) -> None:
    async with prepared(create_app(url)) as app:
        await place(app, ("a", 3000))
        async with service(url, grace=0.2) as process:
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)

            assert await process.wait() == 0

        assert time.monotonic() - begun < 2.5
        assert await noted(app) == []
        async with service(url) as process:
            process.send_signal(signal.SIGTERM)
            await process.wait()
        assert await noted(app) == [("a", 3000)]


async def test_a_second_signal_ends_the_process_at_once(url: str) -> None:
    async with prepared(create_app(url)) as app:
        await place(app, ("a", 5000))
        async with service(url) as process:
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
            process.send_signal(signal.SIGINT)

            assert await process.wait() == 128 + signal.SIGINT

        assert await noted(app) == []


async def test_neither_a_handler_nor_a_broker_that_hangs_holds_up_the_end(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun, released = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    async def handle(_: Placed, __: Context) -> None:
        begun.set()
        await hang()

    async with prepared(create_app(url)) as other:
        await place(other, ("a", 1))
    app = create_app(url, handle)
    app.settings = replace(app.settings, grace=timedelta(seconds=0.2))
    run = asyncio.create_task(app.run())
    await asyncio.wait_for(begun.wait(), 10)
    monkeypatch.setattr(app.opened.transport, "close", hang)
    app.stop()

    ended, _ = await asyncio.wait({run}, timeout=0.2 + CLOSE_SECONDS + 0.5)
    released.set()
    await run

    assert ended
    assert "the broker cannot be left in order" in caplog.text
