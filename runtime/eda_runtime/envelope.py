"""CloudEvents 1.0 envelopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Envelope"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A CloudEvent (CloudEvents 1.0.2): attributes by their standard names, and `data` as the bytes on the wire.

    `partitionkey` is the Partitioning extension, `sequence` the Sequence extension, `traceparent` and `tracestate` the
    Distributed Tracing extension; `correlationid` and `causationid` are ours. `extensions` holds all others.
    """

    id: str
    source: str
    type: str
    time: datetime
    data: bytes
    datacontenttype: str = "application/json"
    subject: str | None = None
    dataschema: str | None = None
    partitionkey: str | None = None
    sequence: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)
