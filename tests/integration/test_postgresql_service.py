"""The PostgreSQL that tests run on."""

from __future__ import annotations

import asyncpg


async def test_every_test_gets_an_empty_database_of_its_own(postgresql_url: str) -> None:
    connection = await asyncpg.connect(postgresql_url)
    try:
        tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()

    assert tables == 0
