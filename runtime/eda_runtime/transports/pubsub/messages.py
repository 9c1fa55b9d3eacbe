"""Messages as Pub/Sub's (the CloudEvents binding for Pub/Sub, binary content mode), and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from google.pubsub_v1.types import PubsubMessage

from eda_runtime.envelope import PUBSUB, Envelope, decode, encode, encode_structured
from eda_runtime.transports import Delivery

__all__ = ["delivery", "ordering_key", "published_at", "pubsub_message"]

LONGEST_VALUE = 1024
"""Bytes of an attribute's value, and of an ordering key, at most."""
NO_PARTITION = 0
STRUCTURED = {"content-type": "application/cloudevents+json; charset=utf-8"}


def ordering_key(envelope: Envelope) -> str:
    """The `partitionkey`; its SHA-256 where it is longer than Pub/Sub allows."""
    key = envelope.partitionkey or ""
    octets = key.encode(errors="surrogatepass")
    return key if len(octets) <= LONGEST_VALUE else hashlib.sha256(octets).hexdigest()


def pubsub_message(envelope: Envelope) -> PubsubMessage:
    """In the binary content mode; in the structured one where an attribute is longer than Pub/Sub allows."""
    told = with_short_story(envelope)
    attributes = encode(told, PUBSUB)
    if any(octets(value) > LONGEST_VALUE for value in attributes.values()):
        return PubsubMessage(
            data=encode_structured(envelope), attributes=STRUCTURED, ordering_key=ordering_key(envelope)
        )
    return PubsubMessage(data=envelope.data, attributes=attributes, ordering_key=ordering_key(envelope))


def with_short_story(envelope: Envelope) -> Envelope:
    """The reason of a dead letter and its stack may be cut, as the database has them in full: the body stays as it was."""
    return replace(envelope, extensions=dict(shortened(envelope)))


def shortened(envelope: Envelope) -> Iterator[tuple[str, str]]:
    for name, value in envelope.extensions.items():
        written = value.encode(errors="surrogatepass")
        if name == "edareason" and len(written) > LONGEST_VALUE:
            yield name, written[:LONGEST_VALUE].decode(errors="ignore")
        elif name == "edastack" and len(written) > LONGEST_VALUE:
            yield name, written[-LONGEST_VALUE:].decode(errors="ignore")
        else:
            yield name, value


def octets(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def published_at(message: PubsubMessage) -> datetime:
    time: datetime = PubsubMessage.pb(message).publish_time.ToDatetime(tzinfo=UTC)
    return time


def delivery(message: PubsubMessage, address: str, token: object) -> Delivery:
    """A message as it came; what cannot be read as a CloudEvent keeps its bytes."""
    headers, appended_at = dict(message.attributes), published_at(message)
    decoded = decode(headers, message.data, PUBSUB, appended_at)
    return Delivery(
        address=address,
        partition=NO_PARTITION,
        position=message.message_id,
        key=message.ordering_key or None,
        headers=headers,
        body=message.data,
        envelope=decoded.envelope,
        problem=decoded.problem,
        appended_at=appended_at,
        token=token,
    )
