"""A service has what it uses, from whichever document that is written in."""

from __future__ import annotations

from tests.reading import HEAD, read, read_all, service, told

ORDERS = """asyncapi: 3.1.0
info: {title: Orders, version: 1.0.0, x-eda: {domain: sales}}
channels: {orders: {address: sales.orders, messages: {Placed: {$ref: '#/components/messages/Placed'}}}}
operations: {publish: {action: send, channel: {$ref: '#/channels/orders'}}}
components: {messages: {Placed: {payload: {type: object}}, Unused: {}}}
"""
STOCK = """asyncapi: 3.1.0
info: {title: Stock, version: 1.0.0}
channels: {orders: {$ref: 'orders.yaml#/channels/orders'}}
operations: {take: {action: receive, channel: {$ref: '#/channels/orders'}}}
"""


def test_documents_share_one_channel_and_one_message() -> None:
    result = read_all(orders=ORDERS, stock=STOCK)

    assert result.value is not None
    orders, stock = result.value.services
    assert orders.channels == stock.channels
    assert orders.messages == stock.messages
    assert stock.messages[0].type == "sales.Placed.v1"


def test_a_service_has_the_messages_that_it_uses_and_no_other() -> None:
    result = read_all(orders=ORDERS)

    assert result.value is not None
    assert [each.name for each in result.value.services[0].messages] == ["Placed"]
    assert [each.name for each in result.value.messages.values()] == ["Placed", "Unused"]


def test_a_document_without_operations_has_all_that_it_declares() -> None:
    text = HEAD + "channels: {a: {messages: {A: {}}}}\ncomponents: {messages: {B: {}}}\n"

    assert [each.name for each in service(text).messages] == ["A", "B"]


def test_replies_and_emitted_messages_are_used() -> None:
    text = HEAD + """
channels: {ask: {messages: {Ask: {}}}, tell: {address: null, messages: {Tell: {}}}}
operations:
  answer:
    action: receive
    channel: {$ref: '#/channels/ask'}
    reply: {channel: {$ref: '#/channels/tell'}, address: {location: $message.header#/replyTo}}
    x-eda: {emits: [{$ref: '#/components/messages/Told'}]}
components: {messages: {Told: {}}}
"""
    answering = service(text)
    reply = answering.receives[0].reply

    assert [each.name for each in answering.messages] == ["Ask", "Tell", "Told"]
    assert [each.name for each in answering.channels] == ["ask", "tell"]
    assert reply is not None
    assert (reply.address, len(reply.messages)) == ("$message.header#/replyTo", 1)


def test_the_steps_of_a_saga_bring_the_channels_of_another_document() -> None:
    text = HEAD + """
channels: {own: {messages: {Start: {}}}}
x-eda: {sagas: {S: {starts: {$ref: '#/channels/own/messages/Start'}, steps: [{send: {$ref: 'stock.yaml#/components/messages/Do'}}]}}}
"""
    stock = "asyncapi: 3.1.0\ninfo: {title: Stock, version: '1'}\nchannels: {commands: {address: c, messages: {Do: {$ref: '#/components/messages/Do'}}}}\ncomponents: {messages: {Do: {}}}\n"

    assert [each.id for each in service(text, stock=stock).channels] == ["stock.yaml#/channels/commands"]


def test_a_name_that_two_documents_chose_is_an_error() -> None:
    named = "asyncapi: 3.1.0\ninfo: {title: %s, version: '1', x-eda: {service: one}}\n"

    result = read_all(a=named % "A", b=named % "B")

    assert result.value is None
    assert [each.code for each in result.diagnostics] == ["EDA301"]


def test_two_operations_in_one_consumer_group_would_lose_messages_and_are_an_error() -> None:
    text = HEAD + """
channels: {all: {address: all, messages: {Placed: {}, Ended: {}}}}
operations:
  one: {action: receive, channel: {$ref: '#/channels/all'}, x-eda: {group: same}}
  two: {action: receive, channel: {$ref: '#/channels/all'}, x-eda: {group: same}}
  other: {action: receive, channel: {$ref: '#/channels/all'}, x-eda: {service: another, group: same}}
"""

    result = read_all(a=text)

    assert result.value is None
    assert [(each.code, each.message.partition(" share")[0]) for each in result.diagnostics] == [
        ("EDA305", "`one` and `two`")
    ]


def test_two_titles_alike_are_a_warning() -> None:
    result = read_all(a=HEAD, b=HEAD)

    assert result.value is not None
    assert [each.severity.value for each in result.diagnostics] == ["warning"]


def test_servers_keep_what_they_say() -> None:
    text = HEAD + """
servers:
  prod:
    host: broker.example.com:9092
    pathname: /ws
    protocol: kafka
    security: [{$ref: '#/components/securitySchemes/sasl'}, {type: plain}]
    bindings: {kafka: {schemaRegistryUrl: https://registry.example.com}}
components: {securitySchemes: {sasl: {type: scramSha256}}}
"""
    (server,) = service(text).servers

    assert (server.name, server.host, server.pathname, server.security) == (
        "prod",
        "broker.example.com:9092",
        "/ws",
        ("sasl", "plain"),
    )
    assert server.bindings == {"kafka": {"schemaRegistryUrl": "https://registry.example.com"}}


def test_a_document_with_an_error_gives_no_catalog() -> None:
    result = read(HEAD + "channels: 1\n")

    assert result.value is None
    assert len(told(result)) == 1
