"""What the runtime asks of a broker. One module here a broker; others come in by the entry point group
`eda_runtime.transports`, keyed by URL scheme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.envelope import Envelope

__all__ = [
    "Delivery",
    "Features",
    "Informed",
    "Lag",
    "Outgoing",
    "ProvisionStep",
    "Receiver",
    "ReplayRange",
    "Retaining",
    "Transport",
]


@dataclass(frozen=True, slots=True)
class Features:
    """What a broker can do by itself; the conformance suite tests what is claimed, the runtime makes up for the rest."""

    ordered_by_key: bool = True
    replay: bool = True
    several_workers: bool = True
    max_body: int = 1_000_000
    """Bytes of the largest message body that the broker takes by default."""
    lag_age: bool = True
    """Whether `lag` knows how old the oldest message is; where not, it says zero."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send. The key that orders it is the envelope's `partitionkey`."""

    address: str
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message received and not yet acknowledged.

    `envelope` is `None` where the headers make no CloudEvent; `problem` then says why. `headers` and `body` are always
    as they came. `partition` and `position` say where it came from, for people; `token` is the transport's own.
    """

    address: str
    partition: int
    position: str
    key: str | None
    headers: Mapping[str, str]
    body: bytes
    envelope: Envelope | None
    problem: str | None
    appended_at: datetime
    token: object


@dataclass(frozen=True, slots=True)
class Lag:
    """Messages of an address that a group has not acknowledged, and the age of the oldest of them."""

    address: str
    group: str
    messages: int
    age: timedelta


@dataclass(frozen=True, slots=True)
class ProvisionStep:
    """One thing that `eda provision` finds or does: `exists`, `create`, `change` or `conflict` (needs a person)."""

    action: str
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReplayRange:
    """Messages to read again: from a time on, up to a time (the present if `None`)."""

    start: datetime
    end: datetime | None = None


class Receiver(Protocol):
    """One worker's share of a consumer group. Not safe for use by two tasks at once, except `close`."""

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        """Wait up to `timeout` seconds for messages, and return at most `max_messages` of them.

        Messages of a key come in order. What was returned is not returned again to this group while this worker is
        alive, unless it is released.
        """
        ...

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Say that these are done. In any order: a later one acknowledged first must not acknowledge an earlier one."""
        ...

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        """Give these back: they, and what follows them in their partition, are delivered again."""
        ...

    async def close(self) -> None:
        """Stop. What was polled and not acknowledged goes to another worker, or to the next start."""
        ...


class Transport(Protocol):
    """A connection to a broker."""

    @property
    def features(self) -> Features: ...

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Send all, keeping the order within a key; returns once the broker has acknowledged every one.

        Raises `PublishError` naming those not acknowledged; the others were sent.
        """
        ...

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        """Join the group of `policy`. With `replay`, read a range again for that group alone and end with it:
        `poll` then returns nothing once the range is exhausted, and the group's own position stays where it is."""
        ...

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        """Create what is missing. Never deletes, never shrinks."""
        ...

    async def lag(self, topology: Topology) -> Sequence[Lag]: ...

    async def close(self) -> None: ...


@runtime_checkable
class Informed(Protocol):
    """A transport that goes by all that the service needs, not by one operation alone: it is told when it is connected."""

    def inform(self, topology: Topology) -> None: ...


@runtime_checkable
class Retaining(Protocol):
    """A transport that keeps messages in tables of its own, and forgets them only when told to."""

    async def purge(self, older_than: timedelta | None = None, *, unread: bool = False) -> int:
        """Delete messages past their channel's retention, or older than `older_than`; returns how many.

        What some group has not acknowledged stays, however old, unless `unread` is set.
        """
        ...
