"""The log in each of its databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.services import postgresql

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import topology
from eda_runtime.transports.log import LogTransport, open_transport

DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql")))


@pytest.fixture(params=DATABASES)
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'log.db'}"
    else:
        async with postgresql.fresh_database(request.getfixturevalue("postgresql_server")) as fresh:
            yield fresh


@pytest.fixture
async def log(url: str) -> AsyncIterator[LogTransport]:
    """A connection to it, with the channel and the groups of the conformance suite."""
    transport = await open_transport(url, Settings(url))
    try:
        await transport.provision(topology("billing", "shipping"))
        yield transport
    finally:
        await transport.close()
