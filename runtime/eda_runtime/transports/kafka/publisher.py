"""Sends messages to Kafka."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from confluent_kafka import KafkaError, KafkaException, Producer

from eda_runtime.errors import PublishError
from eda_runtime.transports import Outgoing
from eda_runtime.transports.kafka.messages import Record, headers_of, key_of
from eda_runtime.transports.kafka.options import ClientConfig

__all__ = ["Publisher"]

PATIENCE_SECONDS = 30.0
SENDING: ClientConfig = {
    "enable.idempotence": True,
    "acks": "all",
    "linger.ms": 2,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",
    "message.max.bytes": 1_048_588,
    # We give up on a call, not on a message: else an early one could time out and a later one of its key get through.
    "message.timeout.ms": 0,
}


class Batch:
    """The messages of one call, and what became of them. librdkafka calls `landed` in the thread that flushes."""

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self.unacknowledged = dict(enumerate(messages))
        self.reasons: set[str] = set()

    def landed(self, index: int, error: KafkaError | None) -> None:
        if error is None:
            self.unacknowledged.pop(index, None)
        else:
            self.reasons.add(error.str())

    def raise_if_any(self) -> None:
        if self.unacknowledged:
            reasons = "; ".join(sorted(self.reasons)) or f"no answer within {PATIENCE_SECONDS:.0f} s"
            raise PublishError(reasons, tuple(self.unacknowledged.values()))


class Publisher:
    """An idempotent producer. After a call that fails or is cancelled, nothing of it stays queued."""

    def __init__(self, client: ClientConfig, value: Callable[[Outgoing], bytes]) -> None:
        self._value = value
        self._config: ClientConfig = {**client, **SENDING}
        self._producer = Producer(self._config)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        batch, producer = Batch(messages), self._producer
        try:
            for index, message in enumerate(messages):
                await self._enqueue(producer, message, batch, index)
            await asyncio.to_thread(producer.flush, PATIENCE_SECONDS)
        finally:
            if batch.unacknowledged:
                self._start_anew(producer)
        batch.raise_if_any()

    async def close(self) -> None:
        await asyncio.to_thread(self._producer.close)

    async def _enqueue(self, producer: Producer, message: Outgoing, batch: Batch, index: int) -> None:
        def landed(error: KafkaError | None, _: Record) -> None:
            batch.landed(index, error)

        envelope = message.envelope
        while True:
            try:
                return producer.produce(
                    message.address,
                    value=self._value(message),
                    key=key_of(envelope),
                    headers=headers_of(envelope),
                    on_delivery=landed,
                )
            except BufferError:  # the queue is full
                await asyncio.to_thread(producer.poll, 0.1)
            except KafkaException as error:
                return batch.landed(index, error.args[0])

    def _start_anew(self, producer: Producer) -> None:
        """Forget what is queued: it is sent again by whoever asked, and must not arrive a second time much later."""
        producer.purge()
        producer.poll(0)
        if self._producer is producer:
            self._producer = Producer(self._config)
