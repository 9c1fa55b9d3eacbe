"""What came from the broker, read as a message of the subscription."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel

from eda_runtime.codec import InvalidPayload, decode
from eda_runtime.contracts import AnySubscription, MessageContract
from eda_runtime.envelope import COPY_OF, COPY_OF_TYPE, REPLY_TO, Envelope
from eda_runtime.expressions import evaluate
from eda_runtime.transports import Delivery
from eda_runtime.versions import known_versions, upcast

__all__ = ["Message", "Parked", "lane_of", "passed_over", "read", "read_parked"]

VERSIONED = re.compile(r"^(?P<name>.+?)(?:\.v(?P<version>\d+))?$")


@dataclass(frozen=True, slots=True)
class Parked:
    """Where a parked message waits, and how often its handler has failed."""

    position: int
    attempts: int
    first_failed_at: int | None


@dataclass(frozen=True, slots=True)
class Message:
    """A delivery with its payload, or with the problem why it has none that a handler could take."""

    delivery: Delivery
    envelope: Envelope
    payload: BaseModel | None
    problem: str | None
    dedupe: str
    parked: Parked | None = None
    deprecated: bool = False
    """Whether it came as a version that is deprecated."""
    held: int | None = None
    """Where it was held back until its turn came."""
    passed_over: bool = False
    """Whether the subscription does not take it, so that it only counts in the order of its key."""

    @property
    def key(self) -> str | None:
        return self.delivery.key if self.delivery.key is not None else self.envelope.partitionkey

    @property
    def attempt(self) -> int:
        """Which attempt at handling it comes next, counted from 1."""
        return self.parked.attempts + 1 if self.parked else 1


def lane_of(message: Message, lanes: int) -> int:
    """The lane of a message: the same for all of a key."""
    return zlib.crc32((message.key if message.key is not None else message.dedupe).encode()) % lanes


def read(subscription: AnySubscription, delivery: Delivery) -> Message | None:
    """Decode `delivery` by its CloudEvents type; `None` if the subscription does not take messages of that type, or if
    it is a copy, in an older version, of a message that the subscription can read.

    An older version is upcast to the one that the handler takes. A message without CloudEvents headers is read as the
    subscription's only one, if it has but one.
    """
    newest = delivery.envelope.extensions.get(COPY_OF_TYPE) if delivery.envelope is not None else None
    if newest is not None and any(each.type == newest for each in known_versions(subscription)):
        return None
    return _read(subscription, delivery)


def _read(subscription: AnySubscription, delivery: Delivery) -> Message | None:
    if delivery.envelope is None:
        return _foreign(subscription, delivery)
    known = tuple(known_versions(subscription))
    contract = next((each for each in known if each.type == delivery.envelope.type), None)
    if contract is not None:
        return _decoded(subscription, contract, delivery, delivery.envelope)
    return _other_version(subscription, known, delivery, delivery.envelope)


def passed_over(delivery: Delivery, envelope: Envelope) -> Message:
    """A message that `read` leaves out, where it is one in the order of its key."""
    return Message(delivery, envelope, None, None, _identity(envelope), passed_over=True)


def read_parked(subscription: AnySubscription, delivery: Delivery, parked: Parked) -> Message:
    """Read again what waited in the database, by the contracts of today: a copy too, for its like was passed over."""
    message = _read(subscription, delivery)
    if message is None and delivery.envelope is not None:
        problem = f"this service no longer takes {delivery.envelope.type}"
        message = _undecoded(delivery, delivery.envelope, problem)
    assert message is not None
    return replace(message, parked=parked)


def _foreign(subscription: AnySubscription, delivery: Delivery) -> Message:
    messages: tuple[MessageContract[BaseModel], ...] = subscription.messages
    place = f"{delivery.partition}/{delivery.position}"
    envelope = Envelope(
        id=place,
        source=delivery.address,
        type=messages[0].type if len(messages) == 1 else "eda.unknown",
        time=delivery.appended_at,
        data=delivery.body,
        datacontenttype=delivery.headers.get("content-type", "application/octet-stream"),
        partitionkey=delivery.key,
    )
    if len(messages) == 1:
        return _decoded(subscription, messages[0], delivery, envelope)
    types = ", ".join(contract.type for contract in messages)
    return _undecoded(delivery, envelope, f"no CloudEvent ({delivery.problem}), and it might be any of {types}")


def _decoded(
    subscription: AnySubscription, contract: MessageContract[BaseModel], delivery: Delivery, envelope: Envelope
) -> Message:
    deprecated = contract.deprecated_since is not None
    try:
        payload = decode(contract, envelope.data)
    except InvalidPayload as invalid:
        return _undecoded(delivery, envelope, f"the payload does not fit {invalid}", deprecated)
    try:
        handled, payload = upcast(subscription.upcasts, contract, payload)
    except InvalidPayload as invalid:
        return _undecoded(delivery, envelope, str(invalid), deprecated)
    stated = evaluate(handled.dedupe, payload, delivery.headers) if handled.dedupe else None
    dedupe = f"{handled.name}={stated}" if stated else _identity(envelope)
    request = _with_reply_to(subscription.policy.reply_to, envelope, payload, delivery.headers)
    return Message(delivery, request, payload, None, dedupe, deprecated=deprecated)


def _with_reply_to(
    expression: str | None, envelope: Envelope, payload: BaseModel, headers: Mapping[str, str]
) -> Envelope:
    """The request with the address that wants its reply, also where somebody else's code wrote it as the spec says."""
    stated = evaluate(expression, payload, headers) if expression and REPLY_TO not in envelope.extensions else None
    return replace(envelope, extensions={**envelope.extensions, REPLY_TO: stated}) if stated else envelope


def _other_version(
    subscription: AnySubscription,
    messages: tuple[MessageContract[BaseModel], ...],
    delivery: Delivery,
    envelope: Envelope,
) -> Message | None:
    name, version = _name_and_version(envelope.type)
    known = [contract for contract in messages if _name_and_version(contract.type)[0] == name]
    if not known:
        return None
    newest = max(known, key=lambda contract: contract.version)
    if version > newest.version:
        message = _decoded(subscription, newest, delivery, envelope)
        problem = f"version {version} is newer than this service knows, and {message.problem}"
        return replace(message, problem=problem) if message.problem else message
    versions = ", ".join(str(number) for number in sorted({contract.version for contract in known}))
    return _undecoded(delivery, envelope, f"version {version} of {name} is unknown here: known are {versions}")


def _undecoded(delivery: Delivery, envelope: Envelope, problem: str, deprecated: bool = False) -> Message:
    return Message(delivery, envelope, None, problem, _identity(envelope), deprecated=deprecated)


def _identity(envelope: Envelope) -> str:
    """The same for a message and its copies in older versions."""
    return f"{envelope.source} {envelope.extensions.get(COPY_OF, envelope.id)}"


def _name_and_version(type_: str) -> tuple[str, int]:
    match = VERSIONED.match(type_)
    return (match["name"], int(match["version"] or 1)) if match else (type_, 1)
