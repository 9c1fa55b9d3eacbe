"""A plain AsyncAPI document, without any `x-eda`, comes out well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.reading import HEAD, catalog, message, service

from eda_gen.model import DeadLetter, HandlerStyle, Kind, OnFailure, Ordering, Retry
from eda_gen.passes import defaults

PLAIN = HEAD + """
channels:
  placed:
    address: sales/{region}/orders
    parameters: {region: {}}
    messages:
      OrderPlaced.v2: {$ref: '#/components/messages/OrderPlaced.v2'}
operations:
  onOrderPlaced: {action: receive, channel: {$ref: '#/channels/placed'}}
components:
  messages:
    OrderPlaced.v2:
      summary: An order was placed.
      payload: {type: object}
"""


def test_a_service_is_called_by_its_title() -> None:
    read = service(PLAIN)

    assert (read.name, read.title, read.domain, read.owners, read.store) == ("orders", "Orders", None, (), "postgresql")


def test_a_title_without_latin_letters_still_gives_a_service() -> None:
    assert service("asyncapi: 3.0.0\ninfo: {title: 订单, version: '1'}\n").name == "service"


def test_a_message_has_its_name_and_version_from_its_key() -> None:
    read = message(PLAIN)

    assert (read.name, read.version, read.type) == ("OrderPlaced", 2, "OrderPlaced.v2")
    assert (read.kind, read.content_type, read.description) == (Kind.EVENT, "application/json", "An order was placed.")


def test_a_consumer_has_every_policy() -> None:
    operation = service(PLAIN).receives[0]

    assert operation.group == "orders.onOrderPlaced"
    assert operation.dead_letter == DeadLetter("sales/region/orders.orders.onOrderPlaced.dlq", timedelta(days=14))
    assert operation.retry == Retry()
    assert (operation.on_failure, operation.handler) == (OnFailure.PARK_KEY, HandlerStyle.EACH)
    assert (operation.concurrency, operation.batch, operation.idempotency_window) == (16, 200, timedelta(days=7))


def test_a_channel_has_every_policy() -> None:
    channel = service(PLAIN).channels[0]

    assert (channel.partitions, channel.retention, channel.ordering) == (1, timedelta(days=7), Ordering.KEY)


def test_an_operation_without_messages_takes_all_of_its_channel() -> None:
    assert service(PLAIN).receives[0].messages == ("spec.yaml#/components/messages/OrderPlaced.v2",)


def test_the_documents_content_type_is_that_of_its_messages() -> None:
    assert (
        message(PLAIN.replace("channels:", "defaultContentType: text/plain\nchannels:", 1)).content_type == "text/plain"
    )


@pytest.mark.parametrize(
    ("name", "key", "version", "expected"),
    [
        (None, "OrderPlaced", None, ("OrderPlaced", 1)),
        (None, "OrderPlaced.v3", None, ("OrderPlaced", 3)),
        ("OrderPlaced", "OrderPlaced.v2", None, ("OrderPlaced", 2)),
        ("OrderPlaced", "somethingV2", None, ("OrderPlaced", 1)),
        ("OrderPlacedV4", "x", None, ("OrderPlaced", 4)),
        ("OrderPlacedV4", "x", 4, ("OrderPlaced", 4)),
        ("OrderPlacedV4", "x", 5, ("OrderPlacedV4", 5)),
        ("OrderPlaced", "x", 5, ("OrderPlaced", 5)),
    ],
)
def test_names_and_versions(name: str | None, key: str, version: int | None, expected: tuple[str, int]) -> None:
    assert defaults.name_and_version(name, key, version) == expected


def test_a_domain_is_part_of_the_type() -> None:
    text = PLAIN.replace("version: 1.0.0", "version: 1.0.0, x-eda: {domain: sales}")

    assert message(text).type == "sales.OrderPlaced.v2"


def test_kinds_follow_from_requests_and_replies() -> None:
    text = HEAD + """
channels:
  ask: {messages: {ReserveStock: {}, getPrice: {}}}
  answer: {messages: {StockReserved: {}, PriceResponse: {}}}
operations:
  reserve:
    action: send
    channel: {$ref: '#/channels/ask'}
    reply: {channel: {$ref: '#/channels/answer'}, messages: [{$ref: '#/channels/answer/messages/StockReserved'}]}
"""
    kinds = {each.name: each.kind for each in catalog(text).messages.values()}

    assert kinds == {
        "ReserveStock": Kind.COMMAND,
        "getPrice": Kind.QUERY,
        "StockReserved": Kind.REPLY,
        "PriceResponse": Kind.REPLY,
    }


def test_a_kafka_key_that_shares_a_propertys_schema_is_the_key() -> None:
    text = HEAD + """
channels:
  a:
    messages:
      M:
        bindings: {kafka: {key: {$ref: '#/components/schemas/OrderId'}}}
        payload: {type: object, properties: {orderId: {$ref: '#/components/schemas/OrderId'}, note: {type: string}}}
components: {schemas: {OrderId: {type: string}}}
"""
    assert message(text).key == "$message.payload#/orderId"


def test_a_kafka_key_of_which_nothing_says_where_it_sits_is_none() -> None:
    text = (
        HEAD + "channels: {a: {messages: {M: {bindings: {kafka: {key: {type: string}}}, payload: {type: object}}}}}\n"
    )

    assert message(text).key is None
