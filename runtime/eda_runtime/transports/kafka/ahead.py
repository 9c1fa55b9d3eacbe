"""What lies ahead of positions in partitions, by reading: the one answer that a broker cannot give wrongly."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaException, TopicPartition

from eda_runtime.errors import TransportError
from eda_runtime.transports.kafka.messages import Record, is_end, offset_of, partition_of

__all__ = ["Ahead", "look_ahead"]

PATIENCE_SECONDS = 10.0


@dataclass(slots=True)
class Ahead:
    """Records from a position on, and the offset at which the partition ended; `ended` says that these were all."""

    records: list[Record] = field(default_factory=list)
    end: int = 0
    ended: bool = False


def look_ahead(consumer: Consumer, starts: Collection[TopicPartition]) -> dict[tuple[str, int], Ahead]:
    """Assign `starts` and read until each partition has shown a record or its end. The consumer reports ends."""
    ahead = {(each.topic, each.partition): Ahead() for each in starts}
    unseen = set(ahead)
    deadline = time.monotonic() + PATIENCE_SECONDS
    consumer.assign(list(starts))
    while unseen:
        if time.monotonic() > deadline:
            raise TransportError(f"Kafka: {len(unseen)} partitions cannot be read")
        for record in consumer.consume(len(unseen), 0.05):
            error, partition = record.error(), partition_of(record)
            if error is not None and not is_end(record):
                raise KafkaException(error)
            unseen.discard(partition)
            if is_end(record):
                ahead[partition].end, ahead[partition].ended = offset_of(record), True
            else:
                ahead[partition].records.append(record)
                ahead[partition].end = consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)[1]
    return ahead
