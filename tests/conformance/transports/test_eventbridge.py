"""The EventBridge transport passes the suite that every transport must pass, on ministack. (Moto hands a message to two who ask at the same moment.)

It does not claim the order of a key, which the runtime restores above it: `tests/integration/transports/test_eventbridge.py` and
`tests/faults/test_eventbridge.py` show that.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance import Broker, TransportConformance
from eda_runtime.transports import Transport
from eda_runtime.transports.eventbridge import EventBridgeOptions
from eda_runtime.transports.eventbridge.clients import Clients
from eda_runtime.transports.eventbridge.names import bus_name
from eda_runtime.transports.registry import open_transport

LEASE = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class EventBridge:
    """A server at a URL."""

    url: str

    async def connect(self) -> Transport:
        return await open_transport(self.url, Settings(broker_url=self.url, lease=LEASE))

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        """An event's detail must be JSON, so bytes that are none can only come as data."""
        clients = await Clients.connect(EventBridgeOptions.read(self.url, Settings()))
        detail = json.dumps({**headers, "data_base64": base64.b64encode(body).decode()})
        await clients.events.put_events(
            Entries=[{"EventBusName": bus_name(address), "Source": "/x", "DetailType": "?", "Detail": detail}]
        )
        await clients.close()


@pytest.mark.xdist_group("eventbridge")
class TestEventBridge(TransportConformance):
    @pytest.fixture
    def broker(self, ministack_url: str) -> Broker:
        return EventBridge(ministack_url)
