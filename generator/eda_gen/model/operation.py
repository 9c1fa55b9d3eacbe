"""Operations: what a service sends and receives, and under which policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from eda_gen.diagnostics import Span
from eda_gen.model.delivery import DeadLetter, HandlerStyle, OnFailure, Retry
from eda_gen.model.message import MessageId
from eda_gen.model.schema import Json


@dataclass(frozen=True, slots=True)
class Reply:
    """Where and with what an operation is answered. `channel` is a channel id, `address` a runtime expression."""

    channel: str | None
    address: str | None
    messages: tuple[MessageId, ...]


@dataclass(frozen=True, slots=True)
class SendOperation:
    id: str
    channel: str
    messages: tuple[MessageId, ...]
    outbox: bool
    publishes: tuple[int, ...]
    """The versions in which each message is sent, if not only as it is listed."""
    reply: Reply | None
    title: str
    description: str
    security: tuple[str, ...]
    bindings: Json
    span: Span


@dataclass(frozen=True, slots=True)
class ReceiveOperation:
    id: str
    channel: str
    messages: tuple[MessageId, ...]
    group: str
    idempotency_window: timedelta
    retry: Retry
    on_failure: OnFailure
    dead_letter: DeadLetter
    concurrency: int
    batch: int
    handler: HandlerStyle
    emits: tuple[MessageId, ...]
    reply: Reply | None
    title: str
    description: str
    security: tuple[str, ...]
    bindings: Json
    span: Span


Operation: TypeAlias = SendOperation | ReceiveOperation
