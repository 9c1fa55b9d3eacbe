"""The log in PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from eda_runtime.errors import TransportError
from eda_runtime.settings import redacted
from eda_runtime.transports.log.database import Connection, Row, Value
from eda_runtime.transports.signal import Signal

__all__ = ["PostgresqlDatabase", "open_postgresql"]

CHANNEL = "eda_log"
POOL_SIZE = 4
CONNECT_SECONDS = 10.0
SLOW_LOOK = 1.0
"""Seconds after which readers look without having been notified: a lost notification costs no more."""
STUCK = {"idle_in_transaction_session_timeout": "30s"}
"""A process that stops in the middle of a transaction holds up who appends after it; the server then ends it."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS eda_log_channels (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, address text NOT NULL UNIQUE, partitions integer NOT NULL,
    retention bigint NOT NULL);
CREATE TABLE IF NOT EXISTS eda_log_partitions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, channel_id bigint NOT NULL REFERENCES eda_log_channels (id),
    number integer NOT NULL, head bigint NOT NULL DEFAULT 0, UNIQUE (channel_id, number)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS eda_log_messages (
    partition_id bigint NOT NULL, position bigint NOT NULL, key bytea, address text NOT NULL, headers text NOT NULL,
    body bytea NOT NULL, appended_at bigint NOT NULL, PRIMARY KEY (partition_id, position));
CREATE TABLE IF NOT EXISTS eda_log_cursors (
    group_name text NOT NULL, partition_id bigint NOT NULL REFERENCES eda_log_partitions (id),
    position bigint NOT NULL DEFAULT 0, owner text, epoch bigint NOT NULL DEFAULT 0, expires_at bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (group_name, partition_id)) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS eda_log_workers (
    channel_id bigint NOT NULL, group_name text NOT NULL, worker text NOT NULL, expires_at bigint NOT NULL,
    PRIMARY KEY (channel_id, group_name, worker)) WITH (fillfactor = 50);
CREATE OR REPLACE FUNCTION eda_log_now() RETURNS bigint LANGUAGE sql VOLATILE AS
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint';
"""


async def open_postgresql(url: str) -> PostgresqlDatabase:
    with translated_errors():
        try:
            pool = await asyncpg.create_pool(
                url, min_size=1, max_size=POOL_SIZE, server_settings=STUCK, timeout=CONNECT_SECONDS
            )
        except OSError as error:
            raise TransportError(f"the log at {redacted(url)} cannot be reached: {error or 'no answer'}") from error
    return PostgresqlDatabase(url, pool)


@contextmanager
def translated_errors() -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
        raise TransportError(f"PostgreSQL: {error}") from error


class PostgresqlDatabase:
    def __init__(self, url: str, pool: asyncpg.Pool) -> None:
        self.appended = Signal()
        self._url = url
        self._pool = pool

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        with translated_errors():
            async with self._pool.acquire() as connection:
                yield PostgresqlConnection(connection)

    @asynccontextmanager
    async def writing(self, *, announce: bool = False) -> AsyncIterator[Connection]:
        with translated_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                yield PostgresqlConnection(connection)
                if announce:
                    await connection.execute(f"NOTIFY {CHANNEL}")

    async def has_schema(self) -> bool:
        async with self.reading() as connection:
            return bool((await connection.fetch("SELECT to_regclass('eda_log_workers') IS NOT NULL"))[0][0])

    async def create_schema(self) -> None:
        with translated_errors():
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(f"SELECT pg_advisory_xact_lock(hashtext('{CHANNEL}'))")
                await connection.execute(SCHEMA)

    async def watch(self) -> None:
        """Fire at each notification, and now and then without one; return once the connection is lost."""
        with translated_errors():
            connection = await asyncpg.connect(self._url)
            try:
                await connection.add_listener(CHANNEL, lambda *_: self.appended.fire())
                while not connection.is_closed():
                    self.appended.fire()
                    await asyncio.sleep(SLOW_LOOK)
            finally:
                await connection.close(timeout=SLOW_LOOK)

    async def close(self) -> None:
        await self._pool.close()


class PostgresqlConnection:
    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        self._connection = connection

    async def fetch(self, statement: str, *values: Value) -> Sequence[Row]:
        rows: list[Row] = await self._connection.fetch(statement, *values)
        return rows

    async def execute(self, statement: str, *values: Value) -> None:
        await self._connection.execute(statement, *values)

    async def execute_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        await self._connection.executemany(statement, rows)
