"""The cluster: whether it can be reached, and which topics it has."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from eda_runtime.contracts import ChannelContract
from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.addresses import normal_address
from eda_runtime.transports.kafka.options import KafkaOptions

__all__ = ["REQUEST_SECONDS", "Cluster", "broker_errors", "check_name", "pattern_of", "topics_of"]

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 10.0
NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
REFUSED = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._SSL)


@contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """What librdkafka raises, in our words."""
    try:
        yield
    except KafkaException as error:
        raise TransportError(f"Kafka: {doing} failed: {reason(error)}") from error


def reason(error: KafkaException) -> str:
    detail = error.args[0] if error.args else error
    return detail.str() if isinstance(detail, KafkaError) else str(detail)


def check_name(address: str) -> str | None:
    """Why an address cannot name a topic, if so."""
    name = normal_address(address).replace("{}", "x")
    if NAME.fullmatch(name) and name not in (".", ".."):
        return None
    return f"{address!r} cannot name a Kafka topic: only letters, digits, '.', '_' and '-' can, up to 249 of them"


def pattern_of(address: str) -> str:
    """The topics of an address, as a regular expression of librdkafka where the address has parameters."""
    parts = normal_address(address).split("{}")
    return address if len(parts) == 1 else "^" + "[a-zA-Z0-9._-]+".join(map(re.escape, parts)) + "$"


def topics_of(address: str, topics: Mapping[str, int]) -> dict[str, int]:
    """Which of `topics` belong to an address, with their partitions."""
    pattern = pattern_of(address)
    if pattern == address:
        return {address: topics[address]} if address in topics else {}
    return {topic: count for topic, count in topics.items() if re.fullmatch(pattern, topic)}


class Cluster:
    """A connection for questions and for administration. `topics` is what was there at the last look."""

    def __init__(self, options: KafkaOptions) -> None:
        self._errors: deque[KafkaError] = deque(maxlen=20)
        self.options = options
        self.topics: Mapping[str, int] = {}
        try:
            config: dict[str, Any] = {**options.client, "error_cb": self._errors.append}
            self.admin = AdminClient(config)
        except KafkaException as error:
            raise ConfigurationError(f"Kafka cannot be set up so: {reason(error)}") from error

    async def connect(self) -> None:
        await asyncio.to_thread(self._connect)

    async def look(self) -> Mapping[str, int]:
        """Read the topics anew."""
        with broker_errors("listing topics"):
            self.topics = await asyncio.to_thread(self._list)
        return self.topics

    async def expect(self, channel: ChannelContract) -> None:
        """Raise `ConfigurationError` unless the channel's topic is there, with all of its partitions."""
        if problem := check_name(channel.address):
            raise ConfigurationError(problem)
        found = topics_of(channel.address, await self.look())
        if not found:
            raise ConfigurationError(f"topic {channel.address} does not exist: run `eda provision` first")
        for topic, count in found.items():
            if count < channel.partitions:
                raise ConfigurationError(
                    f"topic {topic} has {count} partitions and the spec says {channel.partitions}: add them while"
                    " nothing is in flight, as keys move (`eda provision` with EDA_KAFKA_GROW_PARTITIONS=1)"
                )

    def _list(self) -> dict[str, int]:
        found = self.admin.list_topics(timeout=REQUEST_SECONDS).topics
        return {name: len(topic.partitions) for name, topic in found.items() if topic.error is None}

    def _connect(self) -> None:
        """Ask for the topics until there is an answer, a refusal, or no time left."""
        deadline = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                self.admin.list_topics(timeout=0.5)
                return
            except KafkaException as error:
                self.admin.poll(0)
                self._raise_if_refused()
                if time.monotonic() > deadline:
                    why = self._errors[-1].str() if self._errors else reason(error)
                    raise TransportError(f"Kafka at {self.options.servers} cannot be reached: {why}") from error

    def _raise_if_refused(self) -> None:
        for error in self._errors:
            if error.code() in REFUSED:
                raise ConfigurationError(
                    f"Kafka at {self.options.servers} refused us: {error.str()};"
                    " check EDA_KAFKA_USERNAME, EDA_KAFKA_PASSWORD, EDA_KAFKA_SASL_MECHANISM and EDA_KAFKA_TLS"
                )
