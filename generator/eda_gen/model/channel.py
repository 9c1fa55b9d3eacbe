"""Channels and servers: where messages travel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from eda_gen.diagnostics import Span
from eda_gen.model.message import MessageId
from eda_gen.model.schema import Json


class Ordering(Enum):
    KEY = "key"
    """Messages of one partition key stay in order."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    host: str
    protocol: str
    pathname: str
    description: str
    security: tuple[str, ...]
    bindings: Json
    span: Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """A `{name}` in an address."""

    name: str
    description: str
    enum: tuple[str, ...] = ()
    default: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, identified across documents by `id`: `<document>#<JSON pointer>` of where it is written.

    `address` is `None` where the spec leaves it unknown until run time (AsyncAPI 3.1, Channel Object).
    """

    id: str
    name: str
    address: str | None
    title: str
    description: str
    parameters: tuple[Parameter, ...]
    messages: tuple[MessageId, ...]
    servers: tuple[str, ...]
    partitions: int
    retention: timedelta
    ordering: Ordering
    bindings: Json
    span: Span
