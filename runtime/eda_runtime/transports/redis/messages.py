"""Messages as entries of a stream, and back. CloudEvents has no binding for Redis: attributes are fields as in Kafka's."""

from __future__ import annotations

from eda_runtime.envelope import KAFKA, decode, encode
from eda_runtime.transports import Delivery, Outgoing
from eda_runtime.transports.redis.streams import SHIFT, Entry, id_of
from eda_runtime.transports.times import from_milliseconds
from eda_runtime.transports.tracker import Token

__all__ = ["ADDRESS", "BODY", "delivery", "fields_of", "milliseconds_of"]

BODY, ADDRESS, KEY = "data", "eda_address", "ce_partitionkey"


def fields_of(message: Outgoing) -> dict[str, bytes]:
    headers = {name: value.encode(errors="surrogatepass") for name, value in encode(message.envelope, KAFKA).items()}
    return {**headers, ADDRESS: message.address.encode(errors="surrogatepass"), BODY: message.envelope.data}


def milliseconds_of(position: int) -> int:
    return position >> SHIFT


def delivery(address: str, entry: Entry, number: int, epoch: int) -> Delivery:
    """An entry as it came; what cannot be read as a CloudEvent keeps its bytes. `address` is for those that name none."""
    headers = {text(name): text(value) for name, value in entry.fields.items()}
    named = headers.pop(ADDRESS, address)
    headers.pop(BODY, None)
    body = entry.fields.get(BODY.encode(), b"")
    appended_at = from_milliseconds(milliseconds_of(entry.position))
    decoded = decode(headers, body, KAFKA, appended_at)
    return Delivery(
        address=named,
        partition=number,
        position=id_of(entry.position),
        key=headers.get(KEY),
        headers=headers,
        body=body,
        envelope=decoded.envelope,
        problem=decoded.problem,
        appended_at=appended_at,
        token=Token(number, epoch, entry.position),
    )


def text(value: bytes) -> str:
    """Others may write any bytes: those that are no UTF-8 show as escapes."""
    try:
        return value.decode(errors="surrogatepass")
    except UnicodeDecodeError:
        return value.decode(errors="backslashreplace")
