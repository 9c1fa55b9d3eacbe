"""Topics: what the `kafka` channel binding says, else what `x-eda` says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eda_gen.diagnostics import Diagnostic
from eda_gen.emit import bindings
from eda_gen.emit.broker_names import channel_names
from eda_gen.emit.deploy.text import dns_name, hcl, milliseconds
from eda_gen.emit.deploy.topology import Topic
from eda_gen.model import Json

__all__ = ["KafkaTopic", "topic_name", "topic_problem", "view_topic"]

_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
_PARAMETER = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class KafkaTopic:
    """`replicas` is `None` where the cluster's own default holds."""

    name: str
    resource: str
    says: str
    partitions: int
    replicas: int | None
    config: tuple[tuple[str, str], ...]

    @property
    def width(self) -> int:
        """Of the longest name in `config`, for a layout in columns."""
        return max(len(hcl(name)) for name, _ in self.config)


def view_topic(topic: Topic) -> KafkaTopic:
    binding = bindings.mapping(topic.bindings, "kafka")
    name = topic_name(topic)
    replicas = bindings.integer(binding, "replicas", 1)
    return KafkaTopic(name, dns_name(name), topic.says, topic.partitions, replicas, tuple(_config(topic)))


def topic_name(topic: Topic) -> str:
    """The binding's `topic`, else the address. A family's binding would name one topic for all, so it does not count."""
    return channel_names(topic.address, topic.bindings).get("kafka", topic.address)


def topic_problem(topic: Topic) -> Diagnostic | None:
    """Kafka's rule for names (and the runtime's: it cannot use another name than the spec's)."""
    name = _PARAMETER.sub("x", topic_name(topic))
    if _NAME.fullmatch(name) and name not in (".", ".."):
        return None
    told = f"{topic_name(topic)!r} cannot name a Kafka topic: only letters, digits, `.`, `_` and `-` can, up to 249"
    return Diagnostic("EDA195", told, topic.span, "name the topic by `bindings: {kafka: {topic: …}}`")


def _config(topic: Topic) -> Iterator[tuple[str, str]]:
    stated = bindings.mapping(topic.bindings, "kafka", "topicConfiguration")
    config = {"retention.ms": str(milliseconds(topic.retention))}
    config |= {name: written for name, value in stated.items() if (written := _written(value)) is not None}
    yield from sorted(config.items())


def _written(value: Json) -> str | None:
    """As Kafka writes it: lists by comma, booleans in lower case."""
    if isinstance(value, list | tuple):
        return ",".join(each for each in value if isinstance(each, str))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
