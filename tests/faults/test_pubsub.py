"""Faults with Pub/Sub as the broker, on an emulator.

What an emulator keeps is gone with its process, so that no test can kill it and find its messages again; Pub/Sub itself keeps
copies in several zones. Instead it stops dead, in the middle of what it does, for longer than every lease, and then goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.brokers import CONSUMER, RELAY, SEEDS, BrokerFaults, scene
from tests.services import pubsub
from tests.services.processes import free_ports

FROZEN_SECONDS = 4.0


@pytest.mark.xdist_group("pubsub-faults")
class TestPubsub(BrokerFaults):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[pubsub.Server]:
        (port,) = free_ports(1)
        with pubsub.own_server(advertised=port) as server:
            yield server

    @pytest.mark.parametrize("seed", SEEDS)
    async def test_the_broker_may_be_killed_and_started_again(self, seed: int, server: pubsub.Server, tmp_path: Path) -> None:  # type: ignore[override]
        async with scene(seed, server, tmp_path, CONSUMER, RELAY) as stage:
            await stage.progress()
            server.freeze()
            await asyncio.sleep(FROZEN_SECONDS)
            server.thaw()
