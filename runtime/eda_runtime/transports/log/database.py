"""What the log asks of a database. `sqlite.py` and `postgresql.py` answer; all else here is the same on both."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

from eda_runtime.transports.signal import Signal

__all__ = ["Connection", "Database", "Row", "Value"]

Value: TypeAlias = str | int | bytes | Sequence[int] | None
Row: TypeAlias = Sequence[Any]


class Connection(Protocol):
    """Runs the statements of `statements.py`, which are written for PostgreSQL."""

    async def fetch(self, statement: str, *values: Value) -> Sequence[Row]: ...

    async def execute(self, statement: str, *values: Value) -> None: ...

    async def execute_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None: ...


class Database(Protocol):
    """Connections to one database. What the driver raises comes out as `TransportError`."""

    appended: Signal
    """Fires when another transaction may have appended messages or moved leases, here or in another process."""

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """A connection on which each statement sees what was committed before it."""
        ...

    def writing(self, *, announce: bool = False) -> AbstractAsyncContextManager[Connection]:
        """A transaction, committed at the end of the block; with `announce`, `appended` then fires everywhere."""
        ...

    async def has_schema(self) -> bool: ...

    async def create_schema(self) -> None: ...

    async def watch(self) -> None:
        """Keep firing `appended`; returns, or raises `TransportError`, when it no longer can."""
        ...

    async def close(self) -> None: ...
