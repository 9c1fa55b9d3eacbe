"""Where a service keeps its state: the database of its own tables, and of outbox, inbox, parked messages and leases."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncSession

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import redacted

__all__ = ["Row", "Store", "Transaction", "Value", "open_store"]

Value: TypeAlias = str | int | bytes | None
Row: TypeAlias = Sequence[Any]


class Transaction(Protocol):
    """An open transaction. The core's statements go through the driver's own connection.

    Statements are PostgreSQL's, with two macros that each store knows how to say: `now_ms()`, the database's clock, and
    `each($n)`, a JSON array of texts as rows of a column `value`.
    """

    @property
    def connection(self) -> Any:
        """The driver's connection: an `asyncpg.Connection` or an `aiosqlite.Connection`."""
        ...

    @property
    def session(self) -> AsyncSession:
        """A SQLAlchemy session in this very transaction, made when first asked for."""
        ...

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]: ...

    async def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        """Insert all rows, in their order, with one statement."""
        ...

    async def flush(self) -> None:
        """Write what waits in the session, if there is one. Raises `UnitOfWorkError` if the transaction has ended."""
        ...


class Store(Protocol):
    """A database."""

    @property
    def poll_interval(self) -> float:
        """Seconds after which a reader should look again, though nobody rang."""
        ...

    @property
    def embedded(self) -> bool:
        """Whether this is a file of the service's own, whose tables are kept up to date without being asked."""
        ...

    @property
    def most_lanes(self) -> int:
        """How many lanes of a batch are worth a transaction each: few where there is one writer, and no more than leave
        each handler a second connection."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin; commit at the end of the block, roll back if it raises."""
        ...

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        """Read outside of any transaction."""
        ...

    async def ring(self, transaction: Transaction) -> None:
        """With the commit of `transaction`, wake the relays of other processes."""
        ...

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever another process rings; returns at once where the store cannot tell."""
        ...

    async def migrate(self) -> Sequence[str]:
        """Bring the tables up to date; returns the revisions applied."""
        ...

    async def pending(self) -> Sequence[str]:
        """The revisions that `migrate` would apply."""
        ...

    async def close(self) -> None: ...


def open_store(url: str, *, pool_size: int = 20, clock: Callable[[], float] = time.time) -> Store:
    """The store at `sqlite:///path` or `postgresql://host/name`; opens no connection yet.

    `clock`, in seconds since 1970, is the clock of an SQLite store, whose database has none of its own; PostgreSQL uses the
    server's. Raises `ConfigurationError`.
    """
    scheme = url.partition("://")[0].partition("+")[0].lower()
    if scheme == "sqlite":
        from eda_runtime.stores.sqlite import SqliteStore

        return SqliteStore(url, clock=clock)
    if scheme in ("postgresql", "postgres"):
        try:
            from eda_runtime.stores.postgresql import PostgresqlStore
        except ModuleNotFoundError as missing:
            raise ConfigurationError("a PostgreSQL store needs `pip install 'eda-runtime[postgresql]'`") from missing

        return PostgresqlStore(url, pool_size=pool_size)
    raise ConfigurationError(f"no store knows {redacted(url)}: EDA_DATABASE_URL starts with sqlite:// or postgresql://")
