"""What a binding names or makes of another kind: the generated service creates it, sends to it and receives from it."""

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
    bindings: BINDINGS
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
    await send_and_receive(tmp_path, kafka_url, "{kafka: {topic: readings-v2}}")

    topics = set(AdminClient({"bootstrap.servers": kafka_url.partition("//")[2]}).list_topics(timeout=5).topics)
    assert "readings-v2" in topics
    assert "energy.readings" not in topics


@pytest.mark.xdist_group("rabbitmq")
@pytest.mark.parametrize(
    "stated",
    [
        "{is: queue, queue: {name: meter-work}}",
        "{is: queue, queue: {name: meters.onReading}}",
        "{is: routingKey, exchange: {name: meter-readings, type: topic}}",
        "{is: routingKey, exchange: {name: meter-readings, type: fanout}}",
        "{is: routingKey, exchange: {name: meter-readings, type: headers}}",
    ],
)
async def test_rabbitmq_has_what_its_binding_says(tmp_path: Path, rabbitmq_url: str, stated: str) -> None:
    await send_and_receive(tmp_path, rabbitmq_url, f"{{amqp: {stated}}}")


async def send_and_receive(tmp_path: Path, broker_url: str, bindings: str) -> None:
    """Provisions twice, of which the second finds all as it shall be, and has a message go round."""
    (tmp_path / "meters.yaml").write_text(SPEC.replace("BINDINGS", bindings))
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'meters.db'}", broker_url=broker_url)
    with importable(tmp_path) as package:
        assert generate(package.folder, tmp_path / "meters.yaml") == 0
        handlers = Handlers()
        app = package.module("meters.app").create_app(handlers, settings)
        async with app:
            await app.opened.transport.provision(app.topology)
            steps = await app.opened.transport.provision(app.topology, dry_run=True)
            assert {step.action for step in steps} == {"exists"}
            running = asyncio.create_task(app.run())
            async with app.unit_of_work() as work:
                work.publish.meter_read(package.module("meters.events.meter_read").MeterReadV1(kwh=7))
            async with asyncio.timeout(WAIT_SECONDS):
                assert await handlers.read.get() == 7
            app.stop()
            await running
