"""The Pub/Sub transport passes the suite that every transport must pass, on Google's emulator and on Google's fake."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from tests.services import pubsub

from eda_runtime.settings import Settings
from eda_runtime.testing.conformance import Broker, TransportConformance
from eda_runtime.transports import Transport
from eda_runtime.transports.registry import open_transport

LEASE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class PubsubBroker:
    """An emulator at a URL."""

    url: str

    async def connect(self) -> Transport:
        return await open_transport(self.url, Settings(broker_url=self.url, lease=LEASE))

    async def append(self, address: str, key: str, headers: Mapping[str, str], body: bytes) -> None:
        await asyncio.to_thread(pubsub.append, self.url, address, key, headers, body)


@pytest.mark.xdist_group("pubsub")
class TestEmulator(TransportConformance):
    """Google's emulator; where it is not, its fake below must be."""

    @pytest.fixture
    def broker(self, pubsub_url: str) -> Broker:
        if pubsub.emulator_jar() is None:
            pytest.skip("the Cloud SDK with Google's emulator is not here: see TestPstest")
        return PubsubBroker(pubsub_url)


ONE_AT_A_TIME = "pstest hands out one message of a key at a time, and none while that is not acknowledged"
NO_SEEK = "pstest has no snapshots, and forgets what a message held when it seeks"
LACKS = {
    "test_what_was_not_acknowledged_comes_again_after_close": ONE_AT_A_TIME,
    "test_what_was_polled_does_not_come_again_while_its_worker_lives": ONE_AT_A_TIME,
    "test_what_is_released_comes_again_in_order": ONE_AT_A_TIME,
    "test_a_later_acknowledgement_does_not_cover_an_earlier_message": ONE_AT_A_TIME,
    "test_acknowledgements_that_close_a_gap_cover_all": ONE_AT_A_TIME,
    "test_a_replay_reads_a_range_again_for_its_group_alone": NO_SEEK,
    "test_a_replay_does_not_move_the_group": NO_SEEK,
    "test_a_replay_keeps_the_order_of_a_key": NO_SEEK,
    "test_lag_counts_what_a_group_has_not_acknowledged": NO_SEEK,
    "test_a_group_that_has_caught_up_has_no_lag": NO_SEEK,
}


@pytest.mark.xdist_group("pubsub")
class TestPstest(TransportConformance):
    """Google's fake, but for what it cannot do, which the emulator above shows."""

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[pubsub.Server]:
        if shutil.which("go") is None and pubsub.emulator_jar() is not None:
            pytest.skip("go, which builds pstest, is not here: see TestEmulator")
        with pubsub.own_server(command=pubsub.pstest_command()) as server:
            yield server

    @pytest.fixture
    def broker(self, server: pubsub.Server, request: pytest.FixtureRequest) -> Broker:
        if lack := LACKS.get(request.node.name):
            pytest.skip(lack)
        server.clear()
        return PubsubBroker(server.url)
