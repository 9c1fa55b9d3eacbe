"""Each test here runs on both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services import postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'eda.db'}"
        return
    server: str = request.getfixturevalue("postgresql_server")
    async with postgresql.fresh_database(server) as fresh:
        yield fresh
