"""The runtime's tables, beside those of the service."""

from __future__ import annotations

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from eda_runtime.stores import open_store, tables


def differences(connection: Connection) -> list[object]:
    ours = MigrationContext.configure(
        connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in tables.metadata.tables}
    )
    return list(compare_metadata(ours, tables.metadata))


async def test_migrations_make_the_tables_that_the_code_names(url: str) -> None:
    store = open_store(url)
    await store.migrate()

    async with store.transaction() as transaction:
        connection = await transaction.session.connection()
        assert await connection.run_sync(differences) == []
    await store.close()


async def test_migrating_again_does_nothing(url: str) -> None:
    store = open_store(url)

    assert await store.pending() != []
    assert await store.migrate() != []
    assert await store.pending() == await store.migrate() == []
    await store.close()


async def test_two_processes_may_migrate_at_once(url: str) -> None:
    stores = open_store(url), open_store(url)

    done = await asyncio.gather(*(store.migrate() for store in stores))

    assert sorted(map(bool, done)) == [False, True]
    for store in stores:
        await store.close()


async def test_the_migrations_of_the_service_itself_are_left_alone(url: str) -> None:
    store = open_store(url)
    async with store.transaction() as transaction:
        await transaction.fetch("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        await transaction.fetch("INSERT INTO alembic_version VALUES ('theirs')")

    await store.migrate()

    assert [row[0] for row in await store.fetch("SELECT version_num FROM alembic_version")] == ["theirs"]
    await store.close()
