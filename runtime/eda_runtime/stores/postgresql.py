"""A store in a PostgreSQL database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import URL, Table, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine

from eda_runtime.errors import ConfigurationError, StoreError, UnitOfWorkError
from eda_runtime.settings import redacted
from eda_runtime.stores import Row, Transaction, Value, migrate
from eda_runtime.stores.session import JoinedSession, open_session
from eda_runtime.stores.sql import for_postgresql, insert_for_postgresql

__all__ = ["PostgresqlStore"]

CHANNEL = "eda_outbox"
MIGRATION_LOCK = 0x6564615F
FRESH_PLANS = {"plan_cache_mode": "force_custom_plan"}
"""A plan that was kept from when a table was nearly empty reads all of it to find one row."""
RECONNECT_SECONDS = 1.0
OPTIONS = {"command_timeout", "database", "gsslib", "host", "krbsrvname", "passfile", "password", "port"}
OPTIONS |= {"prepared_statement_cache_size", "service", "servicefile", "ssl", "sslmode", "statement_cache_size"}
OPTIONS |= {"target_session_attrs", "user"}
"""What a URL may say after its `?`."""


class PostgresqlStore:
    """Transactions are `READ COMMITTED`: each statement sees what others have committed before it."""

    poll_interval = 1.0
    embedded = False

    def __init__(self, url: str, *, pool_size: int) -> None:
        self.most_lanes = max(1, pool_size // 2)
        self._name = redacted(url)
        self._engine = create_async_engine(
            _for_asyncpg(url),
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            pool_size=pool_size,
            max_overflow=0,
            connect_args={"server_settings": FRESH_PLANS},
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PostgresqlTransaction]:
        async with self._connect() as connection:
            transaction = PostgresqlTransaction(connection, await _driver(connection))
            try:
                async with transaction.connection.transaction():
                    yield transaction
                    await transaction.flush()
            finally:
                await transaction.end()

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        async with self._connect() as connection:
            rows: Sequence[Row] = await (await _driver(connection)).fetch(for_postgresql(sql), *values)
            return rows

    async def ring(self, transaction: Transaction) -> None:
        await transaction.fetch(f"NOTIFY {CHANNEL}")

    async def listen(self, wake: Callable[[], None]) -> None:
        while True:
            try:
                async with self._connect() as connection:
                    await _listen(await _driver(connection), wake)
            except (StoreError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                await asyncio.sleep(RECONNECT_SECONDS)

    async def migrate(self) -> Sequence[str]:
        async with self.transaction() as transaction:
            await transaction.fetch(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            return await migrate.upgrade(transaction.sqlalchemy)

    async def pending(self) -> Sequence[str]:
        async with self._connect() as connection:
            return await migrate.pending(connection)

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[AsyncConnection]:
        connection = await self._open_connection()
        try:
            yield connection
        except asyncio.CancelledError:  # in the middle of a BEGIN, say: it must not go back to the pool like that
            await connection.invalidate()
            raise
        finally:
            await connection.close()

    async def _open_connection(self) -> AsyncConnection:
        """A connection of the pool; those that the server has closed meanwhile are replaced."""
        try:
            while True:
                connection = await self._engine.connect()
                if not (await _driver(connection)).is_closed():
                    return connection
                await connection.invalidate()
                await connection.close()
        except (
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
            SQLAlchemyError,
        ) as error:
            raise StoreError(f"the database {self._name} cannot be reached: {error}") from error


class PostgresqlTransaction:
    """A transaction on one connection of the engine."""

    def __init__(self, sqlalchemy: AsyncConnection, driver: Any) -> None:
        self.sqlalchemy = sqlalchemy
        self.connection = driver
        self._session: JoinedSession | None = None

    @property
    def session(self) -> AsyncSession:
        if self._session is None:
            self._session = open_session(self.sqlalchemy)
        return self._session

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        rows: Sequence[Row] = await self.connection.fetch(for_postgresql(sql), *values)
        return rows

    async def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        if rows:
            statement = insert_for_postgresql(table, tuple(columns))
            await self.connection.fetch(statement, *(list(column) for column in zip(*rows, strict=True)))

    async def flush(self) -> None:
        if self._session is not None:
            await self._session.flush()
        if not self.connection.is_in_transaction():
            raise UnitOfWorkError("the transaction of a unit of work was ended on the driver's connection")

    async def end(self) -> None:
        if self._session is not None:
            await self._session.end()


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


async def _listen(driver: Any, wake: Callable[[], None]) -> None:
    closed = asyncio.Event()
    driver.add_termination_listener(lambda _connection: closed.set())
    listener = lambda *_notification: wake()  # noqa: E731
    await driver.add_listener(CHANNEL, listener)
    try:
        wake()
        await closed.wait()
    finally:
        if not driver.is_closed():
            await driver.remove_listener(CHANNEL, listener)


def _for_asyncpg(text: str) -> URL:
    try:
        url = make_url(text)
    except (ValueError, SQLAlchemyError):
        raise ConfigurationError("EDA_DATABASE_URL cannot be read: write postgresql://host:port/name") from None
    query = dict(url.query)
    if unknown := query.keys() - OPTIONS:
        raise ConfigurationError(
            f"EDA_DATABASE_URL has options that PostgreSQL's driver does not know: {', '.join(sorted(unknown))}; "
            f"it knows {', '.join(sorted(OPTIONS))}"
        )
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    return url.set(drivername="postgresql+asyncpg", query=query)
