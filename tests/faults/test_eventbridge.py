"""Faults with EventBridge and SQS as the broker, as ministack emulates them.

That keeps nothing over a SIGKILL, which AWS is not to suffer from: the broker is stopped and started instead, with all clients cut off.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.faults.brokers import BrokerFaults, Server
from tests.services import ministack
from tests.services.processes import free_ports


@pytest.mark.xdist_group("eventbridge-faults")
class TestEventBridge(BrokerFaults):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[Server]:
        (port,) = free_ports(1)
        with ministack.own_server(advertised=port) as server:
            yield server
