"""A store in one SQLite file, which several processes, services and the SQL log may share."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import aiosqlite
from sqlalchemy import Table, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from eda_runtime.errors import ConfigurationError, StoreError, UnitOfWorkError
from eda_runtime.stores import Row, Transaction, Value, migrate
from eda_runtime.stores.session import JoinedSession, open_session
from eda_runtime.stores.sql import for_sqlite, insert_for_sqlite

__all__ = ["SqliteStore"]

BUSY_SECONDS = 30


class SqliteStore:
    """SQLite has one writer at a time: a transaction here is begun as a writer, and waits for its turn."""

    poll_interval = 0.05
    embedded = True
    most_lanes = 4

    def __init__(self, url: str, *, clock: Callable[[], float]) -> None:
        path = make_url(url).set(drivername="sqlite+aiosqlite")
        if not path.database or path.database == ":memory:":
            raise ConfigurationError("an SQLite store needs a file: write EDA_DATABASE_URL=sqlite:///eda.db")
        if path.query:
            raise ConfigurationError("the URL of an SQLite file has no options: leave out `?` and what follows it")
        if not Path(path.database).absolute().parent.is_dir():
            raise ConfigurationError(f"the directory of the SQLite file {path.database} does not exist")
        self._engine = create_async_engine(
            path, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True, connect_args={"timeout": BUSY_SECONDS}
        )
        self._clock = clock
        self._turn = asyncio.Lock()
        self._writer: asyncio.Task[object] | None = None
        event.listen(self._engine.sync_engine, "connect", self._set_up)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqliteTransaction]:
        task = asyncio.current_task()
        if self._writer is task:
            raise UnitOfWorkError(
                "a unit of work is open in this task already, and SQLite has one writer at a time: use `ctx.session` "
                "and `ctx.publish`, or begin the other one after this one has ended"
            )
        async with self._turn, self._engine.connect() as connection:
            self._writer = task
            transaction = SqliteTransaction(connection, await _driver(connection))
            try:
                await transaction.begin()
                yield transaction
                await transaction.commit()
            except BaseException:
                await transaction.rollback()
                raise
            finally:
                self._writer = None
                await transaction.end()

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        async with self._engine.connect() as connection:
            return await _fetch(await _driver(connection), sql, values)

    async def ring(self, transaction: Transaction) -> None:
        """Nothing to do: the relays of other processes poll."""

    async def listen(self, wake: Callable[[], None]) -> None:
        """SQLite tells nobody."""

    async def migrate(self) -> Sequence[str]:
        await self._try()
        if not await self.pending():  # to look needs no lock: another process may hold it for long
            return []
        async with self.transaction() as transaction:
            return await migrate.upgrade(transaction.sqlalchemy)

    async def pending(self) -> Sequence[str]:
        async with self._engine.connect() as connection:
            return await migrate.pending(connection)

    async def close(self) -> None:
        await self._engine.dispose()

    async def _try(self) -> None:
        try:
            async with self._engine.connect():
                return
        except DatabaseError as error:
            raise StoreError(f"the SQLite file {self._engine.url.database} cannot be used: {error.orig}") from error

    def _set_up(self, connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_function("now_ms", 0, lambda: int(self._clock() * 1000))


class SqliteTransaction:
    """A transaction on one connection of the engine."""

    def __init__(self, sqlalchemy: AsyncConnection, driver: aiosqlite.Connection) -> None:
        self.sqlalchemy = sqlalchemy
        self.connection = driver
        self._session: JoinedSession | None = None

    @property
    def session(self) -> AsyncSession:
        if self._session is None:
            self._session = open_session(self.sqlalchemy)
        return self._session

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        return await _fetch(self.connection, sql, values)

    async def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        async with self.connection.executemany(insert_for_sqlite(table, tuple(columns)), rows):
            pass

    async def flush(self) -> None:
        if self._session is not None:
            await self._session.flush()
        if not self.connection.in_transaction:
            raise UnitOfWorkError("the transaction of a unit of work was ended on the driver's connection")

    async def begin(self) -> None:
        """SQLite may answer busy at once where waiting could not help; another process then needs a moment."""
        deadline = time.monotonic() + BUSY_SECONDS
        for attempt in count(1):
            try:
                await self.fetch("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                if time.monotonic() > deadline:
                    raise StoreError(f"{self._file} is locked: another process has not ended a transaction") from error
                await asyncio.sleep(min(0.01 * attempt, 0.2))

    @property
    def _file(self) -> str:
        return f"the SQLite file {self.sqlalchemy.engine.url.database}"

    async def commit(self) -> None:
        await self.flush()
        await self.connection.commit()

    async def rollback(self) -> None:
        await self.connection.rollback()

    async def end(self) -> None:
        if self._session is not None:
            await self._session.end()


async def _driver(connection: AsyncConnection) -> aiosqlite.Connection:
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, aiosqlite.Connection)
    return driver


async def _fetch(driver: aiosqlite.Connection, sql: str, values: Sequence[Value]) -> Sequence[Row]:
    return list(await driver.execute_fetchall(for_sqlite(sql), values))
