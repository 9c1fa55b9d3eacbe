"""Messages as rows of the log, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from eda_runtime.envelope import KAFKA, decode, encode
from eda_runtime.transports import Delivery, Outgoing
from eda_runtime.transports.log.database import Row, Value
from eda_runtime.transports.tracker import Token

__all__ = ["delivery", "from_microseconds", "microseconds", "row"]

EPOCH = datetime.fromtimestamp(0, UTC)


def row(message: Outgoing, partition: int, position: int) -> Sequence[Value]:
    envelope = message.envelope
    key = None if envelope.partitionkey is None else envelope.partitionkey.encode(errors="surrogatepass")
    headers = json.dumps(encode(envelope, KAFKA))
    return (partition, position, key, message.address, headers, envelope.data)


def delivery(found: Row, partition: int, number: int, epoch: int) -> Delivery:
    position, key, address, written, body, appended = found
    headers: dict[str, str] = json.loads(written)
    appended_at = from_microseconds(appended)
    decoded = decode(headers, body, KAFKA, appended_at)
    return Delivery(
        address=address,
        partition=number,
        position=str(position),
        key=None if key is None else key.decode(errors="surrogatepass"),
        headers=headers,
        body=body,
        envelope=decoded.envelope,
        problem=decoded.problem,
        appended_at=appended_at,
        token=Token(partition, epoch, position),
    )


def microseconds(time: datetime | timedelta) -> int:
    span = time - EPOCH if isinstance(time, datetime) else time
    return span // timedelta(microseconds=1)


def from_microseconds(count: int) -> datetime:
    return EPOCH + timedelta(microseconds=count)
