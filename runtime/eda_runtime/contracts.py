"""What generated code states: messages, channels and the policies of receive operations, as plain values."""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from eda_runtime.unit_of_work import Context

__all__ = [
    "AnySubscription",
    "BatchSubscription",
    "ChannelContract",
    "DeadLetterPolicy",
    "MessageContract",
    "ReceivePolicy",
    "RetryPolicy",
    "Subscription",
    "Topology",
    "Upcast",
]

Model_co = TypeVar("Model_co", bound=BaseModel, covariant=True)
Model = TypeVar("Model", bound=BaseModel)
Older = TypeVar("Older", bound=BaseModel)
Newer = TypeVar("Newer", bound=BaseModel)
Publisher = TypeVar("Publisher")


@dataclass(frozen=True)
class MessageContract(Generic[Model_co]):
    """One version of a message.

    `type` is the CloudEvents type. `key`, `dedupe` and `correlation` are AsyncAPI runtime expressions, such as
    `$message.payload#/orderId`.
    """

    name: str
    version: int
    type: str
    model: builtins.type[Model_co]
    key: str | None = None
    dedupe: str | None = None
    correlation: str | None = None
    content_type: str = "application/json"
    dataschema: str | None = None
    deprecated_since: date | None = None
    sunset: date | None = None


@dataclass(frozen=True)
class Upcast(Generic[Older, Newer]):
    """One step of a message's versions: `upcast` makes the newer payload of the older one."""

    older: MessageContract[Older]
    newer: MessageContract[Newer]
    upcast: Callable[[Older], Newer]


@dataclass(frozen=True, slots=True)
class ChannelContract:
    """A channel. `address` may hold `{parameter}`s, whose values come with each message sent.

    `partitions` is how many independent orders the broker keeps; `ordered` says that messages of a key keep theirs.
    `names` are what brokers call it where that is not its address, and `kinds` what they make of it where that is not
    what they usually do, by the scheme of the broker's URL.
    """

    name: str
    address: str
    partitions: int = 1
    retention: timedelta = timedelta(days=7)
    ordered: bool = True
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    kinds: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed message is tried again.

    `attempts` counts the first one. The delay before attempt n + 1 is `initial`, doubled each time where `backoff` is
    exponential, at most `max`, and moved by up to the share `jitter` either way.
    """

    attempts: int = 5
    backoff: Literal["exponential", "fixed"] = "exponential"
    initial: timedelta = timedelta(seconds=1)
    max: timedelta = timedelta(minutes=5)
    jitter: float = 0.2


@dataclass(frozen=True, slots=True)
class DeadLetterPolicy:
    address: str
    retention: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class ReceivePolicy:
    """How a receive operation consumes: `group` names the consumer, `concurrency` is its number of lanes.

    `reply_to` is an AsyncAPI runtime expression: where in a request stands the address that wants the reply.
    `names` are what brokers call the group where that is not its own name, by the scheme of the broker's URL.
    """

    operation: str
    group: str
    channel: ChannelContract
    dead_letter: DeadLetterPolicy
    idempotency_window: timedelta = timedelta(days=7)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    on_failure: Literal["park-key", "skip"] = "park-key"
    concurrency: int = 16
    batch: int = 200
    reply_to: str | None = None
    names: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Subscription(Generic[Model, Publisher]):
    """A receive operation bound to the handler that takes its messages one by one.

    Older versions that `upcasts` lead from are taken too, step by step to the one in `messages`.
    """

    policy: ReceivePolicy
    messages: tuple[MessageContract[Model], ...]
    handle: Callable[[Model, Context[Publisher]], Awaitable[None]]
    upcasts: tuple[Upcast[Any, Any], ...] = ()


@dataclass(frozen=True)
class BatchSubscription(Generic[Model, Publisher]):
    """A receive operation bound to the handler that takes a lane's messages as one sequence."""

    policy: ReceivePolicy
    messages: tuple[MessageContract[Model], ...]
    handle: Callable[[Sequence[Model], Context[Publisher]], Awaitable[None]]
    upcasts: tuple[Upcast[Any, Any], ...] = ()


AnySubscription: TypeAlias = Subscription[Any, Any] | BatchSubscription[Any, Any]


@dataclass(frozen=True, slots=True)
class Topology:
    """What must exist on the broker before a service can run."""

    channels: tuple[ChannelContract, ...]
    receives: tuple[ReceivePolicy, ...] = ()
