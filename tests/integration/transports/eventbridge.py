"""Connections to EventBridge and SQS for tests, and looks into queues."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from eda_runtime.settings import Settings
from eda_runtime.transports.eventbridge import EventBridgeOptions, EventBridgeTransport
from eda_runtime.transports.eventbridge.clients import Clients
from eda_runtime.transports.eventbridge.transport import connect

LEASE = timedelta(seconds=2)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[EventBridgeTransport]:
    transport = await connect(EventBridgeOptions.read(url, Settings(broker_url=url, lease=LEASE)))
    try:
        yield transport
    finally:
        await transport.close()


@asynccontextmanager
async def clients_of(url: str) -> AsyncIterator[Clients]:
    clients = await Clients.connect(EventBridgeOptions.read(url, Settings(broker_url=url)))
    try:
        yield clients
    finally:
        await clients.close()


async def attributes_of(clients: Clients, queue: str) -> Mapping[str, str]:
    url = (await clients.sqs.get_queue_url(QueueName=queue))["QueueUrl"]
    asked = await clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return {str(name): value for name, value in asked["Attributes"].items()}


async def bodies(clients: Clients, queue: str) -> list[str]:
    """Everything in a queue, taken out of it."""
    url = (await clients.sqs.get_queue_url(QueueName=queue))["QueueUrl"]
    found: list[str] = []
    while True:
        answer = await clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        messages = answer.get("Messages", [])
        if not messages:
            return found
        for message in messages:
            found.append(message.get("Body", ""))
            await clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=message.get("ReceiptHandle", ""))
