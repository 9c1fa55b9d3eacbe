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
from eda_runtime.text import indexed, storable
from eda_runtime.transports import Delivery
from eda_runtime.versions import known_versions, upcast

__all__ = ["Message", "Parked", "lane_of", "passed_over", "read", "read_parked"]

VERSIONED = re.compile(r"^(?P<name>.+?)(?:\.v(?P<version>[0-9]{1,9}))?$")
CLAIM = re.compile(r"(?:ce[-_]|cloudevents[:_])?specversion|(?:ce[-_]|cloudevents[:_])type", re.IGNORECASE)
"""A header that only a CloudEvent has, in any binding."""
UNKNOWN = "eda.unknown"


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
        """As the database keeps it; the envelope has it as it came."""
        key = self.delivery.key if self.delivery.key is not None else self.envelope.partitionkey
        return None if key is None else indexed(key)

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
    try:
        return _understood(subscription, delivery)
    except Exception as error:  # noqa: BLE001  whatever it is, it would be so each time, and stop all others
        envelope = delivery.envelope or _stand_in(delivery, UNKNOWN)
        return _undecoded(delivery, envelope, f"it cannot be read: {type(error).__name__}: {error}")


def _understood(subscription: AnySubscription, delivery: Delivery) -> Message | None:
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
    if _claims_to_be_an_event(delivery):
        envelope = _stand_in(delivery, UNKNOWN)
        return _undecoded(delivery, envelope, f"it is a CloudEvent that cannot be read: {delivery.problem}")
    if len(messages) == 1:
        return _decoded(subscription, messages[0], delivery, _stand_in(delivery, messages[0].type))
    types = ", ".join(contract.type for contract in messages)
    problem = f"no CloudEvent ({delivery.problem}), and it might be any of {types}"
    return _undecoded(delivery, _stand_in(delivery, UNKNOWN), problem)


def _claims_to_be_an_event(delivery: Delivery) -> bool:
    """Such a message may be of any type, also where the subscription takes but one."""
    structured = delivery.headers.get("content-type", "").lower().startswith("application/cloudevents+json")
    return structured or any(CLAIM.fullmatch(name) for name in delivery.headers)


def _stand_in(delivery: Delivery, type_: str) -> Envelope:
    """An envelope for what has none."""
    return Envelope(
        id=storable(f"{delivery.partition}/{delivery.position}"),
        source=storable(delivery.address),
        type=type_,
        time=delivery.appended_at,
        data=delivery.body,
        datacontenttype=storable(delivery.headers.get("content-type") or "application/octet-stream"),
        partitionkey=None if delivery.key is None else indexed(delivery.key),
    )


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
    dedupe = indexed(f"{handled.name}={stated}") if stated else _identity(envelope)
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
    return Message(delivery, envelope, None, storable(problem), _identity(envelope), deprecated=deprecated)


def _identity(envelope: Envelope) -> str:
    """The same for a message and its copies in older versions."""
    return indexed(f"{envelope.source} {envelope.extensions.get(COPY_OF, envelope.id)}")


def _name_and_version(type_: str) -> tuple[str, int]:
    match = VERSIONED.match(type_)
    return (match["name"], int(match["version"] or 1)) if match else (type_, 1)
