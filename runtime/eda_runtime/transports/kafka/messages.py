"""Messages as Kafka's records (CloudEvents Kafka binding, binary content mode), and back."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from confluent_kafka import KafkaError, Message

from eda_runtime.envelope import KAFKA, Envelope, decode, encode
from eda_runtime.transports import Delivery
from eda_runtime.transports.times import from_milliseconds
from eda_runtime.transports.tracker import Token

__all__ = ["Record", "delivery", "headers_of", "is_end", "key_of", "offset_of", "partition_of"]

Record: TypeAlias = "Message[bytes, bytes]"


def key_of(envelope: Envelope) -> bytes | None:
    return None if envelope.partitionkey is None else envelope.partitionkey.encode(errors="surrogatepass")


def headers_of(envelope: Envelope) -> list[tuple[str, str | bytes | None]]:
    return [(name, value.encode(errors="surrogatepass")) for name, value in encode(envelope, KAFKA).items()]


def offset_of(record: Record) -> int:
    offset = record.offset()
    return -1 if offset is None else offset


def partition_of(record: Record) -> tuple[str, int]:
    return record.topic() or "", record.partition() or 0


def is_end(record: Record) -> bool:
    """No record, but word that the end of the partition is reached."""
    error = record.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF


def appended_at(record: Record) -> datetime:
    return from_milliseconds(record.timestamp()[1])


def delivery(record: Record, token: Token) -> Delivery:
    """A record as it came; what cannot be read as a CloudEvent keeps its bytes."""
    written = record.headers() or []
    pairs = written.items() if isinstance(written, dict) else written
    headers = {name: text(value) for name, value in pairs}
    key, body = record.key(), record.value() or b""
    decoded = decode(headers, body, KAFKA, appended_at(record))
    return Delivery(
        address=record.topic() or "",
        partition=record.partition() or 0,
        position=str(offset_of(record)),
        key=None if key is None else text(key),
        headers=headers,
        body=body,
        envelope=decoded.envelope,
        problem=decoded.problem,
        appended_at=appended_at(record),
        token=token,
    )


def text(value: str | bytes | None) -> str:
    """Others may write any bytes: those that are no UTF-8 show as escapes, so that two keys never become one."""
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return value.decode(errors="surrogatepass")
    except UnicodeDecodeError:
        return value.decode(errors="backslashreplace")
