"""The log in a SQLite file, shared by several processes of one machine."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aiosqlite

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.log.database import Connection, Row, Value
from eda_runtime.transports.signal import Signal

__all__ = ["SqliteDatabase", "open_sqlite"]

RETRY_PAUSE = 0.002
LOCK_PATIENCE = 30.0
"""Seconds to wait for another process's transaction; all transactions here take milliseconds."""
FASTEST_LOOK, SLOWEST_LOOK = 0.002, 0.02
"""Seconds between two looks at whether another connection has written: soon after a change, and when all is quiet."""

HEADS = "SELECT COALESCE(SUM(head), 0) FROM eda_log_partitions"

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS eda_log_channels (
        id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL, retention INTEGER NOT NULL)""",
    """
    CREATE TABLE IF NOT EXISTS eda_log_partitions (
        id INTEGER PRIMARY KEY, channel_id INTEGER NOT NULL REFERENCES eda_log_channels (id), number INTEGER NOT NULL,
        head INTEGER NOT NULL DEFAULT 0, UNIQUE (channel_id, number))""",
    """
    CREATE TABLE IF NOT EXISTS eda_log_messages (
        partition_id INTEGER NOT NULL, position INTEGER NOT NULL, key BLOB, address TEXT NOT NULL, headers TEXT NOT NULL,
        body BLOB NOT NULL, appended_at INTEGER NOT NULL, PRIMARY KEY (partition_id, position))""",
    """
    CREATE TABLE IF NOT EXISTS eda_log_cursors (
        group_name TEXT NOT NULL, partition_id INTEGER NOT NULL REFERENCES eda_log_partitions (id),
        position INTEGER NOT NULL DEFAULT 0, owner TEXT, epoch INTEGER NOT NULL DEFAULT 0,
        expires_at INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (group_name, partition_id)) WITHOUT ROWID""",
    """
    CREATE TABLE IF NOT EXISTS eda_log_workers (
        channel_id INTEGER NOT NULL, group_name TEXT NOT NULL, worker TEXT NOT NULL, expires_at INTEGER NOT NULL,
        PRIMARY KEY (channel_id, group_name, worker)) WITHOUT ROWID""",
)


async def open_sqlite(url: str) -> SqliteDatabase:
    """Open the file of `sqlite:///relative` or `sqlite:////absolute`, creating it if need be."""
    path = file_of(url)
    writer = await connect(path)
    # SQLite's own waiting looks ten times a second and starves next to a busy writer: `patiently` waits instead.
    await writer.execute_fetchall("PRAGMA busy_timeout = 0")
    return SqliteDatabase(writer, await connect(path))


def file_of(url: str) -> str:
    path = urlsplit(url).path.removeprefix("/")
    if not path or path.startswith(":memory:"):
        raise ConfigurationError(
            "the log needs a file, such as sqlite:///eda.db; for tests, there is eda_runtime.testing.Harness"
        )
    if not Path(path).absolute().parent.is_dir():
        raise ConfigurationError(f"the directory of the SQLite file {path} does not exist")
    return path


async def connect(path: str) -> aiosqlite.Connection:
    with translated_errors():
        connection = await aiosqlite.connect(path, isolation_level=None, timeout=LOCK_PATIENCE)
        await patiently(connection, "PRAGMA journal_mode = WAL")
        await connection.execute("PRAGMA synchronous = FULL")
        await connection.create_function("eda_log_now", 0, lambda: time.time_ns() // 1000)
    return connection


async def patiently(connection: aiosqlite.Connection, statement: str) -> None:
    """Run a statement that SQLite refuses while another connection holds a lock."""
    deadline = asyncio.get_running_loop().time() + LOCK_PATIENCE
    while True:
        try:
            await connection.execute_fetchall(statement)
        except sqlite3.OperationalError as error:
            if not is_locked(error) or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(RETRY_PAUSE)
        else:
            return


def is_locked(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def translated_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise TransportError(f"SQLite: {error}") from error


class SqliteDatabase:
    """One connection that writes and one that reads: in WAL mode, neither waits for the other."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self.appended = Signal()
        self._writer = writer
        self._reader = reader
        self._writing = asyncio.Lock()
        self._translations: dict[str, str] = {}

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        with translated_errors():
            yield SqliteConnection(self._reader, self._translations)

    @asynccontextmanager
    async def writing(self, *, announce: bool = False) -> AsyncIterator[Connection]:
        async with self._writing:
            with translated_errors():
                try:
                    await patiently(self._writer, "BEGIN IMMEDIATE")
                    yield SqliteConnection(self._writer, self._translations)
                    await patiently(self._writer, "COMMIT")
                except BaseException:
                    await asyncio.shield(self._writer.rollback())
                    raise
        if announce:
            self.appended.fire()

    async def has_schema(self) -> bool:
        async with self.reading() as connection:
            return bool(await connection.fetch("SELECT 1 FROM sqlite_master WHERE name = 'eda_log_workers'"))

    async def create_schema(self) -> None:
        async with self.writing() as connection:
            for statement in SCHEMA:
                await connection.execute(statement)

    async def watch(self) -> None:
        """`data_version` changes when another connection has committed: a look at shared memory, not a query. Most
        commits in a shared file are a service's own, so the heads tell whether one of them appended."""
        version, heads, pause = -1, -1, FASTEST_LOOK
        async with self.reading() as connection:
            while True:
                seen = (await connection.fetch("PRAGMA data_version"))[0][0]
                pause = FASTEST_LOOK if seen != version else min(pause * 1.2, SLOWEST_LOOK)
                if seen != version:
                    version, before = seen, heads
                    heads = (await connection.fetch(HEADS))[0][0]
                    if heads != before:
                        self.appended.fire()
                await asyncio.sleep(pause)

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()


class SqliteConnection:
    """Statements for PostgreSQL, run on SQLite."""

    def __init__(self, connection: aiosqlite.Connection, translations: dict[str, str]) -> None:
        self._connection = connection
        self._translations = translations

    async def fetch(self, statement: str, *values: Value) -> Sequence[Row]:
        return list(await self._connection.execute_fetchall(self._translated(statement), bound(values)))

    async def execute(self, statement: str, *values: Value) -> None:
        await self._connection.execute(self._translated(statement), bound(values))

    async def execute_many(self, statement: str, rows: Sequence[Sequence[Value]]) -> None:
        await self._connection.executemany(self._translated(statement), [bound(row) for row in rows])

    def _translated(self, statement: str) -> str:
        if statement not in self._translations:
            self._translations[statement] = translate(statement)
        return self._translations[statement]


def translate(statement: str) -> str:
    """SQLite's words for lists as values and for row locks, which it has no need of."""
    text = re.sub(r"= ANY\(\$(\d+)::bigint\[\]\)", r"IN (SELECT value FROM json_each($\1))", statement)
    text = re.sub(r" FOR UPDATE OF \w+", "", text)
    return re.sub(r"\$(\d+)", r"?\1", text)


def bound(values: Sequence[Value]) -> list[str | int | bytes | None]:
    return [value if isinstance(value, str | int | bytes | None) else json.dumps(value) for value in values]
