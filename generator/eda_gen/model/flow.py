"""Flows: what causes what, over all services of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eda_gen.diagnostics import Span
from eda_gen.model.message import MessageId


@dataclass(frozen=True, slots=True)
class Sender:
    """A place where a message leaves a service: a send operation, an answer, or a saga.

    `channel` is `None` where the spec leaves it open: a saga sends to wherever a message is taken.
    """

    service: str
    message: MessageId
    channel: str | None
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Taker:
    """A place where a message enters a service: a receive operation, a request's answer, or a saga.

    `causes` are the messages that may follow. `group` is the consumer group; a saga and an answer have none.
    """

    service: str
    message: MessageId
    channel: str | None
    name: str
    causes: tuple[MessageId, ...]
    group: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class FlowGraph:
    """Who sends and who takes each message.

    Two documents may write the same message of the same address twice: `same` leads from each id to the one that the
    graph knows it by, and `same_channel` does so for channels.
    """

    senders: Mapping[MessageId, tuple[Sender, ...]]
    takers: Mapping[MessageId, tuple[Taker, ...]]
    same: Mapping[MessageId, MessageId]
    same_channel: Mapping[str, str]
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """A message on its way from one service to another, and what follows from it.

    `sender` or `receiver` is `None` outside of the workspace. `repeats`: what follows was told before.
    """

    message: MessageId
    channel: str | None
    sender: str | None
    receiver: str | None
    taker: str | None
    following: tuple[Hop, ...] = ()
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """All that a message sets off which no other message caused."""

    start: MessageId
    hops: tuple[Hop, ...]
