"""How a delivery becomes a message of a subscription."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from eda_runtime import (
    ChannelContract,
    DeadLetterPolicy,
    Envelope,
    Event,
    MessageContract,
    ReceivePolicy,
    Subscription,
)
from eda_runtime.consumer.message import Message, lane_of, read
from eda_runtime.contracts import AnySubscription
from eda_runtime.transports import Delivery

NOW = datetime(2026, 1, 2, tzinfo=UTC)
POLICY = ReceivePolicy("onOrder", "g", ChannelContract("orders", "orders"), DeadLetterPolicy("orders.dlq"))


class OrderV1(Event):
    id: str


class OrderV2(Event):
    id: str
    total: int


class Refund(Event):
    id: str


V1 = MessageContract(name="Order", version=1, type="t.Order.v1", model=OrderV1)
V2 = MessageContract(name="Order", version=2, type="t.Order.v2", model=OrderV2)
REFUND = MessageContract(name="Refund", version=1, type="t.Refund", model=Refund, dedupe="$message.payload#/id")


async def ignore(event: Event, context: object) -> None:
    """Takes anything."""


def subscribed(*messages: MessageContract[Event]) -> AnySubscription:
    return Subscription[Event, None](policy=POLICY, messages=messages, handle=ignore)


def delivery(type_: str | None, body: bytes, *, position: str = "17") -> Delivery:
    envelope = Envelope(id="1", source="/s", type=type_, time=NOW, data=body) if type_ else None
    problem = None if envelope else "no specversion"
    return Delivery("orders", 3, position, "k", {}, body, envelope, problem, NOW, None)


def unreadable(headers: Mapping[str, str]) -> Delivery:
    return Delivery("orders", 3, "17", "k", headers, b'{"id":"1"}', None, "time 'yesterday' is none", NOW, None)


def taken(subscription: AnySubscription, given: Delivery) -> Message:
    message = read(subscription, given)
    assert message is not None
    return message


def test_a_message_is_read_as_the_version_that_its_type_names() -> None:
    message = taken(subscribed(V1, V2), delivery("t.Order.v1", b'{"id": "a"}'))

    assert message.payload == OrderV1(id="a")


def test_a_newer_version_that_fits_the_newest_known_is_read_as_that() -> None:
    message = taken(subscribed(V1, V2), delivery("t.Order.v7", b'{"id": "a", "total": 1, "more": 2}'))

    assert message.payload == OrderV2(id="a", total=1)


def test_a_newer_version_that_does_not_fit_says_so() -> None:
    message = taken(subscribed(V1, V2), delivery("t.Order.v7", b'{"id": "a"}'))

    assert message.payload is None
    assert message.problem == (
        "version 7 is newer than this service knows, and the payload does not fit t.Order.v2: total: Field required"
    )


def test_an_older_version_that_is_not_known_says_so() -> None:
    message = taken(subscribed(V2), delivery("t.Order.v1", b'{"id": "a"}'))

    assert message.problem == "version 1 of t.Order is unknown here: known are 2"


def test_a_message_of_the_channel_that_the_subscription_does_not_take_is_passed_over() -> None:
    assert read(subscribed(V1, V2), delivery("t.Refund", b"{}")) is None


def test_an_undecodable_payload_says_where_it_is_wrong() -> None:
    message = taken(subscribed(V1), delivery("t.Order.v1", b"not json"))

    assert message.payload is None
    assert message.problem is not None
    assert message.problem.startswith("the payload does not fit t.Order.v1: payload: Invalid JSON")


def test_a_message_without_cloudevents_headers_is_read_as_the_only_one_there_can_be() -> None:
    message = taken(subscribed(V1), delivery(None, b'{"id": "a"}'))

    assert message.payload == OrderV1(id="a")
    assert message.key == "k"


def test_a_message_without_cloudevents_headers_is_the_same_when_it_comes_again() -> None:
    first, again, other = (
        taken(subscribed(V1), delivery(None, b'{"id": "a"}', position=place)) for place in ("17", "17", "18")
    )

    assert first.dedupe == again.dedupe != other.dedupe


def test_a_message_without_cloudevents_headers_that_might_be_several_says_so() -> None:
    message = taken(subscribed(V1, V2), delivery(None, b'{"id": "a"}'))

    assert message.problem == "no CloudEvent (no specversion), and it might be any of t.Order.v1, t.Order.v2"


def test_messages_of_one_business_key_are_the_same_whatever_their_ids() -> None:
    message = taken(subscribed(REFUND), delivery("t.Refund", b'{"id": "r1"}'))

    assert message.dedupe == "Refund=r1"


@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_all_messages_of_a_key_go_to_one_lane(lanes: int) -> None:
    messages = [taken(subscribed(V1), delivery("t.Order.v1", b'{"id": "%d"}' % n)) for n in range(20)]

    assert len({lane_of(message, lanes) for message in messages}) == 1


@pytest.mark.parametrize("expression", ["$message.header#/replyTo", "$message.payload#/id"])
def test_a_request_of_anybody_says_where_its_reply_goes_as_the_spec_has_it(expression: str) -> None:
    policy = replace(POLICY, reply_to=expression)
    subscription = Subscription[Event, None](policy=policy, messages=(V1,), handle=ignore)
    request = replace(delivery("t.Order.v1", b'{"id": "there"}'), headers={"replyTo": "there"})

    assert taken(subscription, request).envelope.extensions == {"replyto": "there"}


def test_what_a_request_carries_as_its_own_attribute_wins() -> None:
    subscription = Subscription[Event, None](
        policy=replace(POLICY, reply_to="$message.payload#/id"), messages=(V1,), handle=ignore
    )
    envelope = Envelope(
        id="1", source="/s", type=V1.type, time=NOW, data=b'{"id": "a"}', extensions={"replyto": "inbox"}
    )

    message = taken(subscription, replace(delivery(V1.type, envelope.data), envelope=envelope))

    assert message.envelope.extensions == {"replyto": "inbox"}


@pytest.mark.parametrize(
    "headers",
    [
        {"ce_specversion": "1.0", "ce_type": "t.Other.v1"},
        {"CE-Type": "t.Other.v1"},
        {"cloudEvents:specversion": "1.0"},
        {"specversion": "1.0"},
        {"content-type": "application/cloudevents+json"},
    ],
)
def test_a_cloud_event_that_cannot_be_read_is_not_taken_for_the_only_message(headers: dict[str, str]) -> None:
    message = taken(subscribed(V1), unreadable(headers))

    assert message.payload is None
    assert message.problem == "it is a CloudEvent that cannot be read: time 'yesterday' is none"


def test_a_message_with_headers_of_somebody_elses_is_taken_for_the_only_one() -> None:
    assert taken(subscribed(V1), unreadable({"type": "order", "x-trace": "1"})).payload == OrderV1(id="1")


def test_a_version_with_thousands_of_digits_is_another_type() -> None:
    assert read(subscribed(V1), delivery("t.Order.v" + "1" * 5000, b"{}")) is None


@pytest.mark.parametrize("key", ["\0", "a\ud800", "k" * 10_000, ""], ids=["NUL", "surrogate", "long", "empty"])
def test_every_key_has_a_lane_and_fits_into_an_index(key: str) -> None:
    message = taken(subscribed(V1), replace(delivery("t.Order.v1", b'{"id":"1"}'), key=key))

    assert 0 <= lane_of(message, 4) < 4
    assert len((message.key or "").encode()) <= 1000
    assert message.key is not None
    assert "\0" not in message.key
