"""Faults with Redis as the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.faults.brokers import BrokerFaults, Server
from tests.services import redis
from tests.services.processes import free_ports


@pytest.mark.xdist_group("redis-faults")
class TestRedis(BrokerFaults):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[Server]:
        (port,) = free_ports(1)
        with redis.own_server(port) as server:
            yield server
