"""Older versions of a message, step by step to the one that the handler takes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from pydantic import Field, ValidationError

from eda_runtime import (
    ChannelContract,
    DeadLetterPolicy,
    Envelope,
    Event,
    MessageContract,
    ReceivePolicy,
    Subscription,
    Upcast,
    convert,
)
from eda_runtime.consumer.message import Message, Parked, read, read_parked
from eda_runtime.outbox import Outbox, Producer
from eda_runtime.telemetry import Telemetry
from eda_runtime.transports import Delivery, Outgoing

NOW = datetime(2026, 1, 2, tzinfo=UTC)
POLICY = ReceivePolicy("onOrder", "g", ChannelContract("orders", "orders"), DeadLetterPolicy("orders.dlq"))


class OrderV1(Event):
    total: int
    order_id: str = Field(default="", validation_alias="orderId", serialization_alias="orderId")
    note: str | None = None


class OrderV2(Event):
    amount: int
    note: str | None = None


class OrderV3(Event):
    amount: int = Field(ge=0)
    currency: str


V1 = MessageContract(name="Order", version=1, type="t.Order.v1", model=OrderV1, deprecated_since=date(2026, 1, 1))
V2 = MessageContract(name="Order", version=2, type="t.Order.v2", model=OrderV2)
V3 = MessageContract(name="Order", version=3, type="t.Order.v3", model=OrderV3, dedupe="$message.payload#/amount")


def v1_to_v2(old: OrderV1) -> OrderV2:
    if old.total == 13:
        raise LookupError("13 is nowhere to be found")
    return convert(old, OrderV2, rename={"amount": "total"})


def v2_to_v3(old: OrderV2) -> OrderV3:
    return convert(old, OrderV3, constant={"currency": "EUR"})


async def ignore(event: Event, context: object) -> None:
    """Takes anything."""


SUBSCRIPTION = Subscription[OrderV3, None](
    POLICY, (V3,), ignore, upcasts=(Upcast(V1, V2, v1_to_v2), Upcast(V2, V3, v2_to_v3))
)


def taken(type_: str, body: bytes) -> Message:
    envelope = Envelope(id="1", source="/s", type=type_, time=NOW, data=body)
    message = read(SUBSCRIPTION, Delivery("orders", 3, "17", "k", {}, body, envelope, None, NOW, None))
    assert message is not None
    return message


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("t.Order.v1", b'{"total": 5, "note": "gone"}'),
        ("t.Order.v2", b'{"amount": 5}'),
        ("t.Order.v3", b'{"amount": 5, "currency": "EUR"}'),
        ("t.Order.v4", b'{"amount": 5, "currency": "EUR", "more": true}'),
    ],
)
def test_every_version_reaches_the_handler_as_the_one_that_it_takes(type_: str, body: bytes) -> None:
    message = taken(type_, body)

    assert message.payload == OrderV3(amount=5, currency="EUR")


def test_versions_of_one_message_are_known_for_the_same_by_the_business_key_of_the_newest() -> None:
    old, new = taken("t.Order.v1", b'{"total": 5}'), taken("t.Order.v3", b'{"amount": 5, "currency": "USD"}')

    assert old.dedupe == new.dedupe == "Order=5"


def test_a_step_that_fails_is_named_with_its_reason_and_without_the_payloads_values() -> None:
    by_hand, generated = taken("t.Order.v1", b'{"total": 13}'), taken("t.Order.v2", b'{"amount": -77}')

    assert by_hand.payload is generated.payload is None
    assert by_hand.problem == (
        "t.Order.v1 cannot be upcast from version 1 to 2: LookupError: 13 is nowhere to be found"
    )
    assert generated.problem == (
        "t.Order.v2 cannot be upcast from version 2 to 3: amount: Input should be greater than or equal to 0"
    )


def test_what_does_not_fit_the_version_that_its_type_names_is_told_as_that() -> None:
    message = taken("t.Order.v1", b'{"amount": 5}')

    assert message.problem == "the payload does not fit t.Order.v1: total: Field required"


def test_a_message_is_deprecated_by_the_version_that_it_came_as() -> None:
    assert taken("t.Order.v1", b'{"total": 5}').deprecated
    assert taken("t.Order.v1", b"{}").deprecated
    assert not taken("t.Order.v2", b'{"amount": 5}').deprecated


def published() -> tuple[Envelope, Envelope]:
    """An order as version 3, with its copy in version 1."""
    pending: list[Outgoing] = []
    contract = MessageContract(name="Order", version=3, type="t.Order.v3", model=OrderV3)
    outbox = Outbox(Producer("/s", Telemetry(), None), pending)
    outbox.add(contract, OrderV3(amount=5, currency="USD"), POLICY.channel, older=[(V1, OrderV1(total=5))])
    copy, newest = (each.envelope for each in pending)
    return copy, newest


def arriving(envelope: Envelope) -> Delivery:
    return Delivery("orders", 3, "17", "k", {}, envelope.data, envelope, None, NOW, None)


def test_older_versions_go_before_the_newest_as_events_of_their_own_in_one_correlation() -> None:
    copy, newest = published()

    assert (copy.type, newest.type) == ("t.Order.v1", "t.Order.v3")
    assert copy.id != newest.id
    assert copy.correlationid == newest.correlationid
    assert (copy.partitionkey, copy.subject, copy.time) == (newest.partitionkey, newest.subject, newest.time)
    assert copy.data == b'{"total":5,"orderId":""}'


def test_a_consumer_that_knows_the_newest_version_passes_its_copies_over() -> None:
    copy, newest = published()

    assert read(SUBSCRIPTION, arriving(copy)) is None
    assert taken(newest.type, newest.data).payload == OrderV3(amount=5, currency="USD")


def test_a_consumer_of_the_older_version_takes_a_message_and_its_copy_for_the_same() -> None:
    old = Subscription[OrderV1, None](POLICY, (V1,), ignore)
    first, second = (read(old, arriving(each)) for each in published())

    assert first is not None
    assert second is not None
    assert first.payload == OrderV1(total=5)
    assert first.dedupe == second.dedupe


def test_a_copy_that_waited_in_the_database_is_read_whatever_the_consumer_knows_by_now() -> None:
    copy, _ = published()

    message = read_parked(SUBSCRIPTION, arriving(copy), Parked(1, 1, None))

    assert message.payload == OrderV3(amount=5, currency="EUR")


class Person(Event):
    name: str
    street: str | None = None
    extra: dict[str, int] | None = None


class Moved(Event):
    first: str
    last: str = ""
    address: dict[str, str] | None = None
    extra: dict[str, int] | None = None


def test_a_conversion_reads_everything_from_the_old_payload_as_it_was() -> None:
    moved = convert(
        Person(name="Ada King Lovelace", street="Dorset", extra={"a": 1}),
        Moved,
        split={"first": ("name", " ", "first"), "last": ("name", " ", "rest")},
        nest={"address": {"street": "street", "was": "street"}},
        drop=["extra/a"],
        default={"extra/b": 2, "first": "nobody"},
    )

    assert moved == Moved(
        first="Ada", last="King Lovelace", address={"street": "Dorset", "was": "Dorset"}, extra={"b": 2}
    )


def test_what_is_not_there_is_not_moved_and_defaults_fill_in() -> None:
    moved = convert(Person(name="Ada"), Moved, rename={"first": "name"}, nest={"address": {"street": "street"}})

    assert moved == Moved(first="Ada", address={})


def test_a_conversion_that_yields_no_payload_of_the_new_version_is_refused() -> None:
    with pytest.raises(ValidationError):
        convert(Person(name="Ada"), Moved)
