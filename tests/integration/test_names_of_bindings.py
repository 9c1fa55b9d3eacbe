"""A topic that a binding names: the generated service creates it, sends to it and receives from it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from tests.generated import generate, importable

from eda_runtime import Settings

SPEC = """
asyncapi: 3.0.0
info: {title: Meters, version: 1.0.0}
channels:
  readings:
    address: energy.readings
    bindings: {kafka: {topic: readings-v2}}
    messages: {MeterRead: {payload: {type: object, required: [kwh], properties: {kwh: {type: integer}}}}}
operations:
  publishReading: {action: send, channel: {$ref: '#/channels/readings'}}
  onReading: {action: receive, channel: {$ref: '#/channels/readings'}}
"""
WAIT_SECONDS = 30


class Handlers:
    def __init__(self) -> None:
        self.read: asyncio.Queue[int] = asyncio.Queue()

    async def on_reading(self, event: Any, ctx: Any) -> None:
        await self.read.put(event.kwh)


@pytest.mark.xdist_group("kafka")
async def test_a_topic_has_the_name_that_its_binding_gives_it(tmp_path: Path, kafka_url: str) -> None:
    (tmp_path / "meters.yaml").write_text(SPEC)
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'meters.db'}", broker_url=kafka_url)
    with importable(tmp_path) as package:
        assert generate(package.folder, tmp_path / "meters.yaml") == 0
        handlers = Handlers()
        app = package.module("meters.app").create_app(handlers, settings)
        async with app:
            await app.opened.transport.provision(app.topology)
            running = asyncio.create_task(app.run())
            async with app.unit_of_work() as work:
                work.publish.meter_read(package.module("meters.events.meter_read").MeterReadV1(kwh=7))
            async with asyncio.timeout(WAIT_SECONDS):
                assert await handlers.read.get() == 7
            app.stop()
            await running

    topics = set(AdminClient({"bootstrap.servers": kafka_url.partition("//")[2]}).list_topics(timeout=5).topics)
    assert "readings-v2" in topics
    assert "energy.readings" not in topics
