"""The SQL log and the broker in memory pass the suite that every transport must pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance import Broker, TransportConformance
from eda_runtime.transports import Transport
from eda_runtime.transports.log import open_database
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.channels import read_channels
from eda_runtime.transports.memory import MemoryBroker, MemoryTransport
from eda_runtime.transports.partitions import partition_number
from eda_runtime.transports.registry import open_transport

LEASE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LogBroker:
    """The log at a URL."""

    url: str

    async def connect(self) -> Transport:
        return await open_transport(self.url, Settings(self.url, lease=LEASE))

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        database = await open_database(self.url)
        try:
            async with database.writing(announce=True) as connection:
                channel = (await read_channels(connection)).find(address)
                assert channel
                partition = channel.partitions[partition_number(key, len(channel.partitions))]
                ((_, head, _),) = await connection.fetch(sql.LOCK_HEADS, (partition,))
                row = (partition, head + 1, key.encode(), address, json.dumps(dict(headers)), body)
                await connection.execute_many(sql.APPEND, [row])
                await connection.execute(sql.ADVANCE_HEAD, partition, head + 1)
        finally:
            await database.close()


class TestSqlite(TransportConformance):
    @pytest.fixture
    def broker(self, tmp_path: Path) -> Broker:
        return LogBroker(f"sqlite:///{tmp_path / 'log.db'}")


@pytest.mark.xdist_group("postgresql")
class TestPostgresql(TransportConformance):
    @pytest.fixture
    def broker(self, postgresql_url: str) -> Broker:
        return LogBroker(postgresql_url)


class SharedMemory:
    """One broker inside the process; each connection is a transport of its own."""

    def __init__(self) -> None:
        self._broker = MemoryBroker()

    async def connect(self) -> Transport:
        return MemoryTransport(self._broker)

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        self._broker.append(address, key, headers, body)


class TestMemory(TransportConformance):
    @pytest.fixture
    def broker(self) -> Broker:
        return SharedMemory()
