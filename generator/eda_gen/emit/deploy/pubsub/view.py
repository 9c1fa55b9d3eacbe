"""Topics and subscriptions as values for the template, within Pub/Sub's own limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from eda_gen.emit import bindings
from eda_gen.emit.deploy.text import digest, legal, seconds
from eda_gen.emit.deploy.topology import Reading, Topic, Topology

__all__ = ["PubsubTopic", "Subscription", "pubsub_id", "view_dead_letters", "view_subscriptions", "view_topic"]

KEPT = (timedelta(minutes=10), timedelta(days=31))
"""The least and the most that a topic or a subscription keeps."""
ACK_SECONDS = 10
"""For a worker to take a message up; from then on it extends its lease for as long as it needs."""
GUARD = 100
"""Deliveries, the most that Pub/Sub allows, of a message that kills its consumer each time: what merely fails is retried from
the service's database, and must not be buried because that was away for long."""
LONGEST_BACKOFF = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PubsubTopic:
    """`schema` is a schema's full name with its encoding, or `None`."""

    id: str
    says: str
    kept: str
    labels: tuple[tuple[str, str], ...]
    regions: tuple[str, ...]
    schema: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Subscription:
    id: str
    group: str
    topic: str
    ordered: bool
    ack_seconds: int
    kept: str
    attempts: int
    backoff: tuple[str, str]
    dead_letters: str


def pubsub_id(name: str) -> str:
    """Of a topic or subscription: 3 to 255 of letters, digits and `-._~+%`, a letter first, and not `goog`."""
    found = legal(name, "A-Za-z0-9._~+%-", 240)
    fine = re.match(r"[A-Za-z]", found) and len(found) >= 3 and not found.lower().startswith("goog")
    return found if fine else f"x-{found}-{digest(name)}"


def view_topic(topic: Topic) -> PubsubTopic:
    stated = bindings.mapping(topic.bindings, "googlepubsub")
    labels = bindings.mapping(stated, "labels")
    return PubsubTopic(
        id=pubsub_id(topic.address),
        says=topic.says,
        kept=_stated_duration(bindings.text(stated, "messageRetentionDuration")) or _kept(topic.retention),
        labels=tuple((name, value) for name, value in labels.items() if isinstance(value, str)),
        regions=bindings.texts(bindings.mapping(stated, "messageStoragePolicy"), "allowedPersistenceRegions"),
        schema=_schema(topic),
    )


def view_subscriptions(topology: Topology) -> tuple[Subscription, ...]:
    return tuple(each for reading in topology.receives for each in _subscriptions(reading))


def view_dead_letters(topology: Topology) -> tuple[PubsubTopic, ...]:
    found = {each.dead_letters.address: view_topic(each.dead_letters) for each in topology.receives}
    owned = {pubsub_id(topic.address) for topic in topology.owns}
    return tuple(each for each in found.values() if each.id not in owned)


def _subscriptions(reading: Reading) -> Iterator[Subscription]:
    """One a topic: the group's name, with the address's digits where it reads several."""
    operation = reading.operation
    for topic in reading.topics:
        if not topic.is_family:
            several = len(reading.topics) > 1
            yield Subscription(
                id=pubsub_id(f"{reading.name}.{digest(topic.address)}" if several else reading.name),
                group=reading.name,
                topic=pubsub_id(topic.address),
                ordered=topic.ordered,
                ack_seconds=ACK_SECONDS,
                kept=_kept(topic.retention),
                attempts=GUARD,
                backoff=(
                    _backoff(operation.retry.initial),
                    _backoff(max(operation.retry.initial, operation.retry.max)),
                ),
                dead_letters=pubsub_id(reading.dead_letters.address),
            )


def _schema(topic: Topic) -> tuple[str, str] | None:
    settings = bindings.mapping(topic.bindings, "googlepubsub", "schemaSettings")
    name, encoding = bindings.text(settings, "name"), bindings.text(settings, "encoding")
    return (name, (encoding or "ENCODING_UNSPECIFIED").upper()) if name else None


def _stated_duration(text: str | None) -> str | None:
    return text if text is not None and re.fullmatch(r"\d+(\.\d{1,9})?s", text) else None


def _kept(retention: timedelta) -> str:
    return f"{seconds(min(max(retention, KEPT[0]), KEPT[1]))}s"


def _backoff(wait: timedelta) -> str:
    return f"{min(wait, LONGEST_BACKOFF).total_seconds():g}s"
