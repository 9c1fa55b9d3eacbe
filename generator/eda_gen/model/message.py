"""Messages: what travels, in which version, and what the spec promises about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import NewType

from eda_gen.diagnostics import Span
from eda_gen.model.schema import Json, SchemaId

MessageId = NewType("MessageId", str)
"""`<document, relative to the workspace>#<JSON pointer>` of the place where the message is written."""


class Kind(Enum):
    EVENT = "event"
    COMMAND = "command"
    QUERY = "query"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Deprecation:
    since: date
    sunset: date | None = None
    use: str | None = None


@dataclass(frozen=True, slots=True)
class Sla:
    latency: timedelta | None = None
    availability: float | None = None
    """Percent, 0 to 100."""
    freshness: timedelta | None = None


class Part(Enum):
    FIRST = "first"
    """What stands before the first separator; the whole text where there is none."""
    REST = "rest"
    """What stands after it; nothing where there is none."""


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a text field of the older version."""

    field: str
    by: str
    part: Part


@dataclass(frozen=True, slots=True)
class UpcastRule:
    """How one field of the newer version comes to be; with `drop`, that one of the older version is left out.

    One of the sources is set; a default may stand alone, or beside `rename` and `split` for where they yield nothing.
    Fields inside others are written `address/street`.
    """

    target: str
    span: Span
    rename: str | None = None
    default: Json = None
    has_default: bool = False
    constant: Json = None
    has_constant: bool = False
    nest: tuple[tuple[str, str], ...] = ()
    """Fields of the object that `target` becomes, and the older version's fields that they were."""
    split: Split | None = None
    drop: bool = False


@dataclass(frozen=True, slots=True)
class Upcast:
    """How version `source_version` becomes this one. Without `rules`, by hand, unless it reads as this one anyway."""

    source_version: int
    rules: tuple[UpcastRule, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Message:
    """One version of a message.

    `type` is the CloudEvents type, `<domain>.<name>.v<version>`, or `<name>.v<version>` where no domain is given.
    `key`, `dedupe`, `correlation` and `pii` are AsyncAPI runtime expressions (`$message.payload#/orderId`).
    `payload` is `None` where the spec gives no payload: any value is then allowed.
    """

    id: MessageId
    name: str
    version: int
    kind: Kind
    type: str
    payload: SchemaId | None
    headers: SchemaId | None
    content_type: str
    title: str
    description: str
    span: Span
    key: str | None = None
    dedupe: str | None = None
    correlation: str | None = None
    pii: tuple[str, ...] = ()
    upcast: Upcast | None = None
    deprecated: Deprecation | None = None
    sla: Sla | None = None
    tags: tuple[str, ...] = ()
    bindings: Json = None
    examples: tuple[Json, ...] = ()
