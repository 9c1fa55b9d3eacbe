"""The Kafka transport beside the bare client, on one Apache Kafka on this machine: `python benchmarks/kafka.py`.

Messages carry 476 bytes and a CloudEvent's headers. `publish` is in batches of 500, each acknowledged by the broker before the
next; `consume` polls 500 and commits them. Messages a second, median of three runs; `to reader` is the time from the start of a
publish to the return of the waiting poll, in milliseconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from confluent_kafka import Consumer, Producer

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.services import kafka

from eda_runtime.contracts import ChannelContract, DeadLetterPolicy, ReceivePolicy, Topology
from eda_runtime.envelope import KAFKA, Envelope, encode
from eda_runtime.transports import Outgoing, Receiver, Transport
from eda_runtime.transports.registry import open_transport

MESSAGES, BATCH, RUNS, PINGS = 50_000, 500, 3, 200
BODY = b'{"orderId":"0190f3a1","note":"' + b"x" * 444 + b'"}'
CHANNEL = ChannelContract("orders", "sales.orders", partitions=12)
POLICY = ReceivePolicy("onOrderPlaced", "billing", CHANNEL, DeadLetterPolicy("sales.orders.billing.dlq"))


def message(number: int) -> Outgoing:
    key = f"c{number % 200}"
    envelope = Envelope(str(number), "/orders", "OrderPlaced.v1", datetime.now(UTC), BODY, partitionkey=key)
    return Outgoing(CHANNEL.address, envelope)


async def publish(transport: Transport) -> float:
    batch = [message(number) for number in range(MESSAGES)]
    started = time.perf_counter()
    for start in range(0, MESSAGES, BATCH):
        await transport.publish(batch[start : start + BATCH])
    return MESSAGES / (time.perf_counter() - started)


async def consume(receiver: Receiver) -> float:
    found, started = 0, time.perf_counter()
    while found < MESSAGES:
        deliveries = await receiver.poll(BATCH, 5)
        await receiver.acknowledge(deliveries)
        found += len(deliveries)
    return MESSAGES / (time.perf_counter() - started)


async def delays(transport: Transport, receiver: Receiver) -> list[float]:
    found: list[float] = []
    for number in range(PINGS):
        waiting = asyncio.create_task(receiver.poll(1, 5))
        await asyncio.sleep(0.01)
        started = time.perf_counter()
        await transport.publish([message(number)])
        await receiver.acknowledge(await waiting)
        found.append((time.perf_counter() - started) * 1000)
    return found


def publish_bare(servers: str) -> float:
    config: dict[str, Any] = {"bootstrap.servers": servers, "enable.idempotence": True, "compression.type": "lz4"}
    producer = Producer(config)
    headers = dict(encode(message(0).envelope, KAFKA))
    started = time.perf_counter()
    for start in range(0, MESSAGES, BATCH):
        for number in range(start, start + BATCH):
            producer.produce(CHANNEL.address, BODY, f"c{number % 200}".encode(), headers=dict(headers))
        producer.flush()
    return MESSAGES / (time.perf_counter() - started)


def consume_bare(servers: str, group: str) -> float:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([CHANNEL.address])
    found = len(consumer.consume(1, 30))
    started = time.perf_counter()
    while found < MESSAGES:
        found += len(consumer.consume(BATCH, 0.2))
        consumer.commit(asynchronous=True)
    rate = MESSAGES / (time.perf_counter() - started)
    consumer.close()
    return rate


async def measure(url: str) -> None:
    servers = url.partition("//")[2]
    transport = await open_transport(url)
    await transport.provision(Topology((CHANNEL,), (POLICY,)))
    receiver = await transport.receiver(POLICY)
    published, consumed, bare_published, bare_consumed = [], [], [], []
    for run in range(RUNS):
        published.append(await publish(transport))
        consumed.append(await consume(receiver))
        bare_published.append(await asyncio.to_thread(publish_bare, servers))
        bare_consumed.append(await asyncio.to_thread(consume_bare, servers, f"bare-{run}"))
        await consume(receiver)
    waits = await delays(transport, receiver)
    await transport.close()
    print(f"{'messages/s':26} {'publish':>10} {'consume':>10} {'to reader':>10} {'p99 (ms)':>10}")
    show("transport", published, consumed)
    print(f"{median(waits):10.1f} {quantiles(waits, n=100)[98]:10.1f}")
    show("confluent-kafka, bare", bare_published, bare_consumed)
    print()


def show(name: str, published: Sequence[float], consumed: Sequence[float]) -> None:
    print(f"{name:26} {median(published):10,.0f} {median(consumed):10,.0f}", end=" ")


if __name__ == "__main__":
    with kafka.own_server() as server:
        asyncio.run(measure(server.url))
