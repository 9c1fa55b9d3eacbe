"""Messages as CloudEvents in NATS's binding, binary content mode, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

from nats.aio.msg import Msg

from eda_runtime.envelope import HTTP, Envelope, decode, encode
from eda_runtime.transports import Delivery
from eda_runtime.transports.nats.names import address_of
from eda_runtime.transports.times import from_milliseconds
from eda_runtime.transports.tracker import Token

__all__ = ["MESSAGE_ID", "Received", "delivery", "headers_of", "received", "size_of"]

MESSAGE_ID = "Nats-Msg-Id"
KEY = "ce-partitionkey"
LETTER = ("edagroup", "edalastfailure")
PLAIN_TOKENS = 9
ACCOUNT_TOKENS = 2


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a stream as a consumer delivered it: its position in the stream, and its number among deliveries."""

    message: Msg
    position: int
    number: int
    appended_at: datetime


def headers_of(envelope: Envelope) -> dict[str, str]:
    """The stream drops a message whose id it has had within its window: a resend. A dead letter of another group, or of another
    failure, is another message with the attributes of the same event."""
    letter = [envelope.extensions[name] for name in LETTER if name in envelope.extensions]
    identity = " ".join(quote(part, safe="/:") for part in (envelope.source, envelope.id, *letter))
    return {**encode(envelope, HTTP), MESSAGE_ID: identity}


def size_of(headers: Mapping[str, str], body: bytes) -> int:
    """What a server counts against its `max_payload`."""
    return (
        len("NATS/1.0\r\n\r\n")
        + sum(len(name) + len(value.encode()) + 4 for name, value in headers.items())
        + len(body)
    )


def received(message: Msg) -> Received:
    """Read where a message stands from the subject of its acknowledgement: `$JS.ACK.[domain.account.]stream.consumer.…`."""
    tokens = message.reply.split(".")
    if len(tokens) > PLAIN_TOKENS:
        tokens = tokens[ACCOUNT_TOKENS:]
    position, number, nanoseconds = (int(token) for token in tokens[5:8])
    return Received(message, position, number, from_milliseconds(nanoseconds / 1_000_000))


def delivery(found: Received, token: Token) -> Delivery:
    """A message as it came; what cannot be read as a CloudEvent keeps its bytes."""
    message = found.message
    headers = {str(name): str(value) for name, value in (message.headers or {}).items()}
    decoded = decode(headers, message.data, HTTP, found.appended_at)
    lowered = {name.lower(): value for name, value in headers.items()}
    return Delivery(
        address=address_of(message.subject),
        partition=token.partition,
        position=str(found.position),
        key=unquote(lowered[KEY]) if KEY in lowered else None,
        headers=headers,
        body=message.data,
        envelope=decoded.envelope,
        problem=decoded.problem,
        appended_at=found.appended_at,
        token=token,
    )
