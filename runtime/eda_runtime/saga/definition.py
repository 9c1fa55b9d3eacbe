"""What a generated module states of a saga, as plain values."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from eda_runtime.contracts import ChannelContract, MessageContract, ReceivePolicy, RetryPolicy

__all__ = ["AnySaga", "Receive", "Saga", "SagaState", "Send", "Step", "present"]

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


class SagaState(BaseModel):
    """What an instance of a saga knows: a field for its start and for each reply, filled as they come.

    `failed_step` and `failure` say why it is being undone: the step, and `failed` or `timed-out`.
    """

    model_config = ConfigDict(extra="ignore")

    failed_step: str | None = None
    failure: str | None = None


State = TypeVar("State", bound=SagaState)


def present(value: T | None) -> T:
    """A message that has come by the time it is asked for. Raises `LookupError` if it has not."""
    if value is None:
        raise LookupError("the saga's state lacks a reply that this message is made of")
    return value


@dataclass(frozen=True)
class Send(Generic[State, Model]):
    """A message that a saga sends: where to, and how it is made of the state."""

    contract: MessageContract[Model]
    channel: ChannelContract
    build: Callable[[State], Model]


@dataclass(frozen=True)
class Step(Generic[State]):
    """A command and its replies.

    A command without a reply is sent again, under the same message id, as `retry` says, until `timeout` is over; then the
    step has failed. From the pivot on it is sent until it succeeds. `compensated` are the answers to `compensate`; where
    there are none, it is done once it is sent, for the outbox will deliver it.
    """

    name: str
    send: Send[State, Any]
    success: tuple[MessageContract[Any], ...]
    failure: tuple[MessageContract[Any], ...] = ()
    compensate: Send[State, Any] | None = None
    compensated: tuple[MessageContract[Any], ...] = ()
    timeout: timedelta | None = None
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    pivot: bool = False


@dataclass(frozen=True, slots=True)
class Receive:
    """A channel that a saga listens to, and what it takes from there."""

    policy: ReceivePolicy
    messages: tuple[MessageContract[Any], ...]


@dataclass(frozen=True)
class Saga(Generic[State]):
    """A business transaction over several services.

    `blocks` run one after the other, and the steps in one block side by side. `keeps` says which field of the state holds
    which message. `correlation`, an AsyncAPI runtime expression, finds the instance of a message; where it finds nothing,
    the envelope's correlation id does.
    """

    name: str
    state: builtins.type[State]
    keeps: Mapping[str, MessageContract[Any]]
    starts: tuple[MessageContract[Any], ...]
    blocks: tuple[tuple[Step[State], ...], ...]
    receives: tuple[Receive, ...]
    correlation: str | None = None
    timeout: timedelta | None = None
    completes: Send[State, Any] | None = None
    fails: Send[State, Any] | None = None
    retention: timedelta = timedelta(days=30)

    @property
    def steps(self) -> Iterator[Step[State]]:
        return (step for block in self.blocks for step in block)

    @property
    def pivot(self) -> int | None:
        """The number of the block with the pivot: from when it is sent on there is no way back."""
        return next((number for number, block in enumerate(self.blocks) if any(step.pivot for step in block)), None)


AnySaga: TypeAlias = Saga[Any]
