"""Faults with NATS JetStream as the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.faults.brokers import BrokerFaults, Server
from tests.services import nats
from tests.services.processes import free_ports


@pytest.mark.xdist_group("nats-faults")
class TestNats(BrokerFaults):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[Server]:
        (port,) = free_ports(1)
        with nats.own_server(advertised=port) as server:
            yield server
