"""How far groups are behind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.transports import Lag
from eda_runtime.transports.kafka.ahead import look_ahead
from eda_runtime.transports.kafka.cluster import REQUEST_SECONDS
from eda_runtime.transports.kafka.messages import offset_of
from eda_runtime.transports.kafka.options import KafkaOptions
from eda_runtime.transports.kafka.pump import consuming

__all__ = ["lag_of"]


def lag_of(options: KafkaOptions, receive: ReceivePolicy, topics: Mapping[str, int]) -> Lag:
    """Look from the group's positions on. Asks as the group, and does not join it."""
    consumer = Consumer({**consuming(options, receive.group), "enable.partition.eof": True})
    try:
        partitions = [TopicPartition(topic, number) for topic, count in topics.items() for number in range(count)]
        positions = consumer.committed(partitions, REQUEST_SECONDS) if partitions else []
        for each in positions:
            each.offset = each.offset if each.offset >= 0 else OFFSET_BEGINNING
        behind = [ahead for ahead in look_ahead(consumer, positions).values() if ahead.records]
        oldest = min((ahead.records[0].timestamp()[1] / 1000 for ahead in behind), default=None)
        age = timedelta() if oldest is None else timedelta(seconds=max(0.0, time.time() - oldest))
        messages = sum(ahead.end - offset_of(ahead.records[0]) for ahead in behind)
        return Lag(receive.channel.address, receive.group, messages, age)
    finally:
        consumer.close()
