"""A message that cannot be handled lies in the broker's own dead letter queue, with its bytes and its story, on every broker."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import aio_pika
import pytest
from tests.integration.runtime.support import (
    DEAD,
    ORDERS,
    Context,
    Placed,
    Publisher,
    create_app,
    eventually,
    message,
    prepared,
    received,
)

from eda_runtime import App
from eda_runtime.consumer import dead_letters
from eda_runtime.settings import Settings
from eda_runtime.transports.eventbridge import EventBridgeOptions
from eda_runtime.transports.eventbridge.clients import Clients
from eda_runtime.transports.eventbridge.names import queue_name

Letter: TypeAlias = tuple[bytes, Mapping[str, str]]
"""The bytes, and the attributes of the CloudEvent."""
Reader: TypeAlias = Callable[[App[Publisher]], Awaitable[Letter]]
POISON = b"\xff\x00 not json"
VALID = b'{"key":"a","number":2}'


async def by_consumer(app: App[Publisher]) -> Letter:
    """As another consumer group reads the address."""
    (found,) = await received(app, DEAD, group="auditors")
    assert found.envelope is not None
    return found.body, found.envelope.extensions


async def by_amqp(app: App[Publisher]) -> Letter:
    connection: AbstractAsyncContextManager[aio_pika.abc.AbstractConnection]
    connection = await aio_pika.connect(app.settings.broker_url.partition("?")[0])
    async with connection as opened:
        queue = await (await opened.channel()).get_queue(DEAD)
        found = await queue.get()
        return found.body, {name.partition(":")[2]: str(value) for name, value in found.headers.items()}


async def by_sqs(app: App[Publisher]) -> Letter:
    clients = await Clients.connect(EventBridgeOptions.read(app.settings.broker_url, Settings()))
    try:
        url = (await clients.sqs.get_queue_url(QueueName=queue_name(DEAD)))["QueueUrl"]
        (found,) = (await clients.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5))["Messages"]
    finally:
        await clients.close()
    event = json.loads(found["Body"])
    data = event.pop("data", None)
    encoded = event.pop("data_base64", None)
    return base64.b64decode(encoded) if encoded else json.dumps(data, separators=(",", ":")).encode(), event


BROKERS: Mapping[str, Reader] = {
    "kafka": by_consumer,
    "ministack": by_sqs,
    "nats": by_consumer,
    "pubsub": by_consumer,
    "rabbitmq": by_amqp,
    "redis": by_consumer,
}


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in BROKERS])
def broker(request: pytest.FixtureRequest) -> tuple[str, Reader]:
    """A broker's URL, and how its dead letters are read."""
    return request.getfixturevalue(f"{request.param}_url"), BROKERS[request.param]


@pytest.mark.parametrize(
    ("body", "reason", "attempts"),
    [(VALID, "RuntimeError: two", "3"), (POISON, "the payload does not fit", "1")],
    ids=["a failing handler", "poison"],
)
async def test_a_dead_letter_says_why_how_often_and_from_where(
    broker: tuple[str, Reader], body: bytes, reason: str, attempts: str, tmp_path: Path
) -> None:
    url, read = broker
    app = create_app(f"sqlite:///{tmp_path / 'eda.db'}", fail)
    app.settings = replace(app.settings, broker_url=url)
    async with prepared(app):
        if read is by_consumer:
            await received(
                app, DEAD, group="auditors", number=0
            )  # some brokers keep nothing for a group before it is there
        running = asyncio.create_task(app.run())
        await app.opened.transport.publish([message(body, id_="17", key="a")])
        await eventually(lambda: number_of_letters(app), 1, seconds=30)
        await eventually(lambda: waiting(app), 0, seconds=30)
        found, story = await read(app)
        (letter,) = await dead_letters.find(app.opened.store, ["shop.onPlaced"], 10)
        app.stop()
        await running

    assert found == letter.body == body
    assert story["edareason"] == letter.reason
    assert letter.reason.startswith(reason)
    assert (story["edaattempts"], story["edagroup"]) == (attempts, "shop.onPlaced")
    assert (story["edaaddress"], story["edaposition"]) == (ORDERS.address, letter.position)
    assert json.loads(story["edaheaders"]) == letter.headers
    assert story["edafirstfailure"] <= story["edalastfailure"]


async def fail(event: Placed, ctx: Context) -> None:
    raise RuntimeError("two")


async def number_of_letters(app: App[Publisher]) -> int:
    return len(await dead_letters.find(app.opened.store, ["shop.onPlaced"], 10))


async def waiting(app: App[Publisher]) -> int:
    return int((await app.opened.store.fetch("SELECT count(*) FROM eda_outbox"))[0][0])
