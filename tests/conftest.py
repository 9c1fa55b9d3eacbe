"""Fixtures that several kinds of tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.services import postgresql

pytest.register_assert_rewrite("eda_runtime.testing.conformance")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server for the whole run. The run fails where none can be had."""
    with postgresql.running_server() as url:
        yield url


@pytest.fixture
async def postgresql_url(postgresql_server: str) -> AsyncIterator[str]:
    """The URL of an empty database, for one test."""
    async with postgresql.fresh_database(postgresql_server) as url:
        yield url
