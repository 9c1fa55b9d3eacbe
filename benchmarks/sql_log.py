"""The log on SQLite and PostgreSQL beside the bare drivers on the same machine: `python benchmarks/sql_log.py`.

Messages carry 476 bytes. `publish` and `consume` are messages a second (median of three runs), `to reader` is the time from
the start of a publish to the return of the waiting poll, in milliseconds.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

import asyncpg

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.services import postgresql

from eda_runtime.contracts import ChannelContract, DeadLetterPolicy, ReceivePolicy, Topology
from eda_runtime.envelope import Envelope
from eda_runtime.transports import Outgoing, Transport
from eda_runtime.transports.registry import open_transport

MESSAGES, BATCH, RUNS, PINGS = 10_000, 500, 3, 100
BODY = b'{"orderId":"0190f3a1","note":"' + b"x" * 444 + b'"}'
CHANNEL = ChannelContract("orders", "sales.orders", partitions=12)
POLICY = ReceivePolicy("onOrderPlaced", "billing", CHANNEL, DeadLetterPolicy("sales.orders.billing.dlq"))
TOPOLOGY = Topology((CHANNEL,), (POLICY,))


@dataclass(frozen=True, slots=True)
class Figures:
    publish: float
    publish_single: float
    consume: float
    delays: Sequence[float] = ()

    def __str__(self) -> str:
        waits = f"{median(self.delays):9.1f} {quantiles(self.delays, n=100)[98]:9.1f}" if self.delays else ""
        return f"{self.publish:12,.0f} {self.publish_single:12,.0f} {self.consume:12,.0f} {waits}"


def messages(count: int) -> list[Outgoing]:
    return [
        Outgoing(
            "sales.orders",
            Envelope(
                str(number), "/orders", "OrderPlaced.v1", datetime.now(UTC), BODY, partitionkey=f"c{number % 200}"
            ),
        )
        for number in range(count)
    ]


async def rate(count: int, work: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await work()
    return count / (time.perf_counter() - started)


async def measure_log(url: str) -> Figures:
    transport = await open_transport(url)
    try:
        await transport.provision(TOPOLOGY)
        runs = [await run(transport) for _ in range(RUNS)]
        publish, single, consume = (median(column) for column in zip(*runs, strict=True))
        return Figures(publish, single, consume, await delays(transport))
    finally:
        await transport.close()


async def run(transport: Transport) -> tuple[float, float, float]:
    batch, single = messages(MESSAGES), messages(MESSAGES // 20)
    receiver = await transport.receiver(POLICY)

    async def publish_batches() -> None:
        for start in range(0, MESSAGES, BATCH):
            await transport.publish(batch[start : start + BATCH])

    async def publish_singly() -> None:
        for message in single:
            await transport.publish([message])

    async def consume() -> None:
        while found := await receiver.poll(BATCH, 0):
            await receiver.acknowledge(found)

    try:
        return (
            await rate(len(batch), publish_batches),
            await rate(len(single), publish_singly),
            await rate(len(batch) + len(single), consume),
        )
    finally:
        await receiver.close()


async def delays(transport: Transport) -> list[float]:
    receiver = await transport.receiver(POLICY)
    found: list[float] = []
    for message in messages(PINGS):
        waiting = asyncio.create_task(receiver.poll(1, 5))
        await asyncio.sleep(0.01)
        started = time.perf_counter()
        await transport.publish([message])
        await receiver.acknowledge(await waiting)
        found.append((time.perf_counter() - started) * 1000)
    await receiver.close()
    return found


ROWS = [(number % 12, number, b"c1", "sales.orders", "{}", BODY, 0) for number in range(MESSAGES)]
TABLE = (
    "CREATE TABLE bare (partition int, position int, key {0}, address text, headers text, body {0}, appended_at int)"
)


async def measure_bare_sqlite(path: Path) -> Figures:
    bare = sqlite3.connect(path, isolation_level=None)
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute(TABLE.format("blob"))

    async def insert(size: int, count: int = MESSAGES) -> None:
        for start in range(0, count, size):
            bare.execute("BEGIN IMMEDIATE")
            bare.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?)", ROWS[start : start + size])
            bare.execute("COMMIT")

    async def read() -> None:
        for start in range(0, MESSAGES, BATCH):
            bare.execute("SELECT * FROM bare LIMIT ? OFFSET ?", (BATCH, start)).fetchall()

    figures = Figures(
        await rate(MESSAGES, lambda: insert(BATCH)), await rate(500, lambda: insert(1, 500)), await rate(MESSAGES, read)
    )
    bare.close()
    return figures


async def measure_bare_postgresql(url: str) -> Figures:
    bare = await asyncpg.connect(url)
    await bare.execute(TABLE.format("bytea"))
    statement = "INSERT INTO bare VALUES ($1, $2, $3, $4, $5, $6, $7)"

    async def insert(size: int, count: int = MESSAGES) -> None:
        for start in range(0, count, size):
            async with bare.transaction():
                await bare.executemany(statement, ROWS[start : start + size])

    async def read() -> None:
        for start in range(0, MESSAGES, BATCH):
            await bare.fetch("SELECT * FROM bare LIMIT $1 OFFSET $2", BATCH, start)

    figures = Figures(
        await rate(MESSAGES, lambda: insert(BATCH)), await rate(500, lambda: insert(1, 500)), await rate(MESSAGES, read)
    )
    await bare.close()
    return figures


async def main() -> None:
    print(
        f"{'messages/s':20} {f'publish {BATCH}':>12} {'publish 1':>12} {'consume':>12} {'to reader':>9} {'p99 (ms)':>9}"
    )
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'log on SQLite':20} {await measure_log(f'sqlite:///{folder}/log.db')}")
        print(f"{'sqlite3, bare':20} {await measure_bare_sqlite(Path(folder) / 'bare.db')}")
    with postgresql.running_server() as server:
        for setting in ("fsync", "full_page_writes"):
            await postgresql.run(server, f"ALTER SYSTEM SET {setting} = on")
        await postgresql.run(server, "SELECT pg_reload_conf()")
        async with postgresql.fresh_database(server) as url:
            print(f"{'log on PostgreSQL':20} {await measure_log(url)}")
            print(f"{'asyncpg, bare':20} {await measure_bare_postgresql(url)}")


if __name__ == "__main__":
    asyncio.run(main())
