"""A worker in a process of its own, told what to do line by line: `poll COUNT`, `acknowledge`, `close`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import PATIENCE, ids, policy
from eda_runtime.transports import Delivery
from eda_runtime.transports.registry import open_transport

REPOSITORY = Path(__file__).parents[3]


class Worker:
    """The process, seen from a test."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def poll(self, count: int) -> list[str]:
        """The ids that the worker got within its patience."""
        found: list[str] = await self._tell(f"poll {count}")
        return found

    async def acknowledge(self) -> None:
        await self._tell("acknowledge")

    async def close(self) -> None:
        await self._tell("close")

    async def _tell(self, command: str) -> list[str]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{command}\n".encode())
        answer = await self.process.stdout.readline()
        told: list[str] = json.loads(answer)
        return told


@asynccontextmanager
async def worker(url: str, lease: timedelta) -> AsyncIterator[Worker]:
    """A worker of the group `billing`; killed at the end of the block, if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.transports.worker", url, str(lease.total_seconds()),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY,
    )  # fmt: skip
    try:
        yield Worker(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def main(url: str, lease: timedelta) -> None:
    transport = await open_transport(url, Settings(url, lease=lease))
    receiver = await transport.receiver(policy())
    polled: list[Delivery] = []
    while command := (await asyncio.to_thread(sys.stdin.readline)).split():
        answer: list[str] = []
        if command[0] == "poll":
            polled = [*polled, *(found := await receiver.poll(int(command[1]), PATIENCE))]
            answer = ids(found)
        elif command[0] == "acknowledge":
            await receiver.acknowledge(polled)
        else:
            await transport.close()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], timedelta(seconds=float(sys.argv[2]))))
