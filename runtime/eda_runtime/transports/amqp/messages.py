"""Messages as AMQP 0-9-1 carries them (CloudEvents AMQP binding, binary content mode: application properties are headers)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from aio_pika import DeliveryMode, Message
from aio_pika.abc import HeadersType
from aiormq.abc import DeliveredMessage

from eda_runtime.envelope import AMQP, CONTENT_TYPE, Envelope, decode, encode
from eda_runtime.transports import Delivery
from eda_runtime.transports.times import LATEST
from eda_runtime.transports.tracker import Token

__all__ = ["delivery", "message_of", "sent_at", "size_of_headers", "tag_of"]

JMS_PREFIX = "cloudevents_"
"""The binding allows it beside `cloudEvents:`."""
FIELD_OCTETS = 6


def message_of(envelope: Envelope) -> Message:
    """The broker keeps no time of arrival, so the sender's goes along, in whole seconds."""
    headers = encode(envelope, AMQP)
    content_type = headers.pop(CONTENT_TYPE)
    return Message(
        envelope.data,
        headers={name: writable(value) for name, value in headers.items()},
        content_type=content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        timestamp=datetime.now(UTC),
    )


def writable(value: str) -> str | bytes:
    """The client writes no lone surrogates, but it writes bytes."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode(errors="surrogatepass")
    return value


def size_of_headers(headers: HeadersType) -> int:
    """Bytes of a table of texts on the wire; it must fit one frame."""
    return sum(len(name.encode()) + len(octets(value)) + FIELD_OCTETS for name, value in headers.items())


def delivery(message: DeliveredMessage, partition: int, token: Token) -> Delivery:
    """A message as it came; what cannot be read as a CloudEvent keeps its bytes."""
    properties = message.header.properties
    headers = {str(name): text(value) for name, value in (properties.headers or {}).items()}
    if properties.content_type:
        headers[CONTENT_TYPE] = properties.content_type
    arrived = sent_at(message)
    decoded = decode(by_binding(headers), message.body, AMQP, arrived)
    return Delivery(
        address=message.exchange or "",
        partition=partition,
        position=str(token.position),
        key=decoded.envelope.partitionkey if decoded.envelope else None,
        headers=headers,
        body=message.body,
        envelope=decoded.envelope,
        problem=decoded.problem,
        appended_at=arrived,
        token=token,
    )


def by_binding(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        AMQP.prefix + name[len(JMS_PREFIX) :] if name.lower().startswith(JMS_PREFIX) else name: value
        for name, value in headers.items()
    }


def sent_at(message: DeliveredMessage) -> datetime:
    stated = message.header.properties.timestamp
    return min(stated.astimezone(UTC), LATEST) if stated else datetime.now(UTC)


def tag_of(message: DeliveredMessage) -> int:
    return message.delivery_tag or 0


def octets(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def text(value: object) -> str:
    """Others may write any type, and any bytes: those that are no UTF-8 show as escapes."""
    if not isinstance(value, bytes | bytearray):
        return "" if value is None else written(value)
    try:
        return value.decode(errors="surrogatepass")
    except UnicodeDecodeError:
        return value.decode(errors="backslashreplace")


def written(value: object) -> str:
    """Tables within tables may be nested more deeply than they can be written."""
    try:
        return str(value)
    except RecursionError:
        return "…"
