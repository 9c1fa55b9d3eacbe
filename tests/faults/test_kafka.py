"""Faults with Apache Kafka as the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.faults.brokers import BrokerFaults, Server
from tests.services import kafka
from tests.services.processes import free_ports


@pytest.mark.xdist_group("kafka-faults")
class TestKafka(BrokerFaults):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[Server]:
        (port,) = free_ports(1)
        with kafka.own_server(advertised=port) as server:
            yield server
