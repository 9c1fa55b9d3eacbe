"""Apache Kafka, and what speaks its protocol, through confluent-kafka (librdkafka)."""

from __future__ import annotations

from eda_runtime.settings import Settings
from eda_runtime.transports.kafka.options import KafkaOptions
from eda_runtime.transports.kafka.transport import KafkaTransport, connect

__all__ = ["KafkaOptions", "KafkaTransport", "open_transport"]


async def open_transport(url: str, settings: Settings | None = None) -> KafkaTransport:
    """Connect to the cluster that `url` names; `KafkaOptions` says what the environment adds."""
    return await connect(KafkaOptions.read(url, settings or Settings(broker_url=url)))
