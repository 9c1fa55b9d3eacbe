"""Faults with RabbitMQ as the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.faults.brokers import BrokerFaults, Server
from tests.services import rabbitmq
from tests.services.processes import free_ports


@pytest.mark.xdist_group("rabbitmq-faults")
class TestRabbitMq(BrokerFaults):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[Server]:
        (port,) = free_ports(1)
        with rabbitmq.own_server(advertised=port) as server:
            yield server
