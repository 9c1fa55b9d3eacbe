"""Messages as events of EventBridge, and as SQS hands them out.

`detail` is the CloudEvent as one JSON document (CloudEvents JSON format), `detail-type` its type and `source` its source. Data that
is no JSON, or that would not come out byte for byte, travels in base64. EventBridge tells neither the bus that an event
came by nor the time to more than a second, so two members of our own say them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from eda_runtime.envelope import decode_document, encode_structured, write_time
from eda_runtime.transports import Delivery, Outgoing
from eda_runtime.transports.times import LATEST, from_milliseconds

if TYPE_CHECKING:
    from types_aiobotocore_sqs.type_defs import MessageTypeDef

__all__ = ["Receipt", "delivery", "document", "size_of"]

SENT_TO, SENT_AT = "edasentto", "edasentat"
DATA = ("data", "data_base64")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What SQS wants to hear when a message is done."""

    handle: str


def document(message: Outgoing, now: datetime) -> str:
    own = {SENT_TO: message.address, SENT_AT: write_time(now)}
    envelope = replace(message.envelope, extensions={**message.envelope.extensions, **own})
    return encode_structured(envelope).decode()


def size_of(message: Outgoing, detail: str) -> int:
    """What EventBridge counts of an entry, in bytes."""
    said = (detail, message.envelope.source, message.envelope.type)
    return sum(len(text.encode(errors="surrogatepass")) for text in said)


def delivery(message: MessageTypeDef, address: str) -> Delivery:
    """A message of a queue; `address` is what the queue is for, where the message does not say."""
    body = message.get("Body", "")
    event = parsed(body)
    sent = message.get("Attributes", {}).get("SentTimestamp", "0")
    arrived = from_milliseconds(int(sent))
    found = Delivery(
        address=address,
        partition=0,
        position=str(event.get("id") or message.get("MessageId", "")),
        key=None,
        headers={},
        body=body.encode(errors="surrogatepass"),
        envelope=None,
        problem="the message is no event of EventBridge whose detail is a JSON object",
        appended_at=arrived,
        token=Receipt(message.get("ReceiptHandle", "")),
    )
    detail = event.get("detail")
    try:
        return with_detail(found, detail) if isinstance(detail, dict) else found
    except RecursionError:  # nested more deeply than it can be written again
        return found


def parsed(body: str) -> Mapping[str, object]:
    """The event in a message; a CloudEvent that was put into the queue as it is counts as the detail of one."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(event, dict):
        return {}
    return {"detail": event} if "specversion" in event else event


def with_detail(found: Delivery, detail: Mapping[str, object]) -> Delivery:
    members = {name: value for name, value in detail.items() if name not in (SENT_TO, SENT_AT)}
    appended_at = read_time(detail.get(SENT_AT)) or found.appended_at
    decoded = decode_document(members, appended_at)
    key = members.get("partitionkey")
    return replace(
        found,
        address=str(detail.get(SENT_TO) or found.address),
        key=None if key is None else str(key),
        headers={name: text(value) for name, value in members.items() if name not in DATA},
        body=decoded.envelope.data if decoded.envelope else raw_data(members) or found.body,
        envelope=decoded.envelope,
        problem=decoded.problem,
        appended_at=appended_at,
    )


def raw_data(members: Mapping[str, object]) -> bytes:
    """The bytes that somebody put into what is no CloudEvent otherwise."""
    try:
        return base64.b64decode(str(members.get("data_base64", "")), validate=True)
    except ValueError:
        return b""


def read_time(stated: object) -> datetime | None:
    """Without a zone it is UTC. Another's clock may say what is no time in UTC."""
    try:
        found = datetime.fromisoformat(str(stated))
        return min((found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC), LATEST)
    except (ValueError, OverflowError):
        return None


def text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
