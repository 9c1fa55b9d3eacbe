"""A delivery as the columns of a table, and back."""

from __future__ import annotations

import base64
import json
from dataclasses import fields
from datetime import UTC, datetime

from eda_runtime.envelope import Envelope
from eda_runtime.stores import Row, Value
from eda_runtime.text import storable
from eda_runtime.transports import Delivery

__all__ = ["COLUMNS", "columns", "restored"]

COLUMNS = 'address, "partition", origin, appended_at, headers, envelope, body'


def columns(delivery: Delivery) -> tuple[Value, ...]:
    """The values of `COLUMNS`."""
    return (
        storable(delivery.address),
        delivery.partition,
        storable(delivery.position),
        int(delivery.appended_at.timestamp() * 1000),
        json.dumps(dict(delivery.headers)),
        _envelope_json(delivery.envelope, delivery.body) if delivery.envelope else None,
        delivery.body,
    )


def restored(key: str | None, row: Row) -> Delivery:
    """The delivery of a key, from the values of `COLUMNS`."""
    address, partition, origin, appended_at, headers, envelope, body = row
    return Delivery(
        address=address,
        partition=partition,
        position=origin,
        key=key,
        headers=json.loads(headers),
        body=body,
        envelope=_envelope(envelope, body) if envelope else None,
        problem=None if envelope else "its headers make none",
        appended_at=datetime.fromtimestamp(appended_at / 1000, UTC),
        token=None,
    )


def _envelope_json(envelope: Envelope, body: bytes) -> str:
    named = {field.name: getattr(envelope, field.name) for field in fields(envelope)}
    apart = None if envelope.data == body else base64.b64encode(envelope.data).decode()
    return json.dumps(
        named | {"time": envelope.time.isoformat(), "extensions": dict(envelope.extensions), "data": apart}
    )


def _envelope(text: str, body: bytes) -> Envelope:
    named = json.loads(text)
    data = body if named["data"] is None else base64.b64decode(named["data"])
    return Envelope(**named | {"time": datetime.fromisoformat(named["time"]), "data": data})
