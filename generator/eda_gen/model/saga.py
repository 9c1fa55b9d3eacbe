"""Sagas: a business transaction over several services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from eda_gen.diagnostics import Span
from eda_gen.model.delivery import Retry
from eda_gen.model.message import MessageId


class SagaStyle(Enum):
    ORCHESTRATION = "orchestration"
    CHOREOGRAPHY = "choreography"


@dataclass(frozen=True, slots=True)
class SagaStep:
    """A command and its replies, or, where `parallel` is not empty, steps that run side by side.

    `compensated` are the answers to `compensate`; where there are none, a compensation is done once it is sent.
    """

    name: str
    send: MessageId | None
    success: tuple[MessageId, ...]
    failure: tuple[MessageId, ...]
    compensate: MessageId | None
    timeout: timedelta | None
    retry: Retry
    pivot: bool
    parallel: tuple[SagaStep, ...]
    span: Span
    compensated: tuple[MessageId, ...] = ()


@dataclass(frozen=True, slots=True)
class Saga:
    name: str
    style: SagaStyle
    starts: tuple[MessageId, ...]
    correlation: str | None
    timeout: timedelta | None
    steps: tuple[SagaStep, ...]
    completes: tuple[MessageId, ...]
    fails: tuple[MessageId, ...]
    span: Span
