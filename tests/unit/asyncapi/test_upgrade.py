"""AsyncAPI 2 documents mean the same as what they would say in AsyncAPI 3."""

from __future__ import annotations

from tests.reading import HEAD_2, catalog, message, service

from eda_gen.model import SchemaFormat

CHANNELS = """
channels:
  user/{id}/signedup:
    description: About one user.
    parameters:
      id: {description: Whose, schema: {type: string, enum: [a, b], default: a}, location: $message.payload#/id}
    publish:
      operationId: onSignup
      summary: Somebody signed up.
      message:
        name: SignedUp
        payload: {type: object}
    subscribe:
      message:
        payload: {type: string}
"""


def test_what_others_publish_is_received_and_what_they_subscribe_to_is_sent() -> None:
    read = service(HEAD_2 + CHANNELS)

    assert [each.id for each in read.receives] == ["onSignup"]
    assert [each.id for each in read.sends] == ["sendUserIdSignedup"]


def test_the_channels_name_becomes_its_address() -> None:
    channel = service(HEAD_2 + CHANNELS).channels[0]

    assert channel.address == "user/{id}/signedup"
    assert channel.description == "About one user."


def test_a_parameters_schema_becomes_what_version_3_has() -> None:
    parameter = service(HEAD_2 + CHANNELS).channels[0].parameters[0]

    assert (parameter.name, parameter.description, parameter.enum, parameter.default, parameter.location) == (
        "id",
        "Whose",
        ("a", "b"),
        "a",
        "$message.payload#/id",
    )


def test_a_message_without_a_name_is_called_by_its_operation_or_channel() -> None:
    names = [each.name for each in service(HEAD_2 + CHANNELS).messages]

    assert names == ["SignedUp", "UserIdSignedupOut"]


def test_ids_and_positions_are_those_of_the_text_that_was_written() -> None:
    written = message(HEAD_2 + CHANNELS)

    assert written.id == "spec.yaml#/channels/user~1{id}~1signedup/publish/message"
    assert (written.span.line, written.span.column) == (13, 9)


def test_several_messages_are_told_apart() -> None:
    text = HEAD_2 + (
        "channels: {a: {publish: {message: {oneOf: [{$ref: '#/components/messages/x'}, {payload: {type: string}}]}}}}\n"
        "components: {messages: {x: {payload: {type: object}}}}\n"
    )

    assert [each.name for each in service(text).messages] == ["x", "A2"]


def test_a_schema_format_beside_the_payload_is_kept() -> None:
    text = HEAD_2 + (
        "channels: {a: {publish: {message: {schemaFormat: application/vnd.apache.avro;version=1.9.0, "
        "payload: {type: record, name: User, fields: []}}}}}\n"
    )

    schema = next(iter(catalog(text).schemas.values()))

    assert schema.format is SchemaFormat.AVRO
    assert schema.body == {"type": "record", "name": "User", "fields": []}


def test_traits_win_over_the_message_in_version_2() -> None:
    text = HEAD_2 + "channels: {a: {publish: {message: {title: own, traits: [{title: first}, {title: second}]}}}}\n"

    assert message(text).title == "second"


def test_an_operations_traits_are_merged() -> None:
    text = HEAD_2 + "channels: {a: {publish: {summary: own, traits: [{operationId: takeIt, summary: traits}]}}}\n"

    operation = service(text).receives[0]

    assert (operation.id, operation.description) == ("takeIt", "traits")


def test_a_servers_url_becomes_host_and_path() -> None:
    text = HEAD_2 + "channels: {}\nservers: {p: {url: 'mqtt://a.example:1883/ws', protocol: mqtt}}\n"

    server = service(text).servers[0]

    assert (server.host, server.pathname, server.protocol) == ("a.example:1883", "/ws", "mqtt")


def test_security_requirements_and_server_names_are_kept() -> None:
    text = HEAD_2 + (
        "channels: {a: {servers: [p], publish: {security: [{s: []}]}}}\n"
        "servers: {p: {url: a.example, protocol: kafka, security: [{s: []}]}}\n"
        "components: {securitySchemes: {s: {type: X509}}}\n"
    )

    read = service(text)

    assert read.servers[0].security == ("s",)
    assert read.receives[0].security == ("s",)
    assert read.channels[0].servers == ("p",)


def test_a_channel_item_may_stand_in_another_file() -> None:
    text = HEAD_2 + "channels: {a: {$ref: 'common.yaml#/item'}, b: {$ref: 'common.yaml#/item'}}\n"
    common = "item: {publish: {message: {$ref: '#/message'}}}\nmessage: {name: Shared, payload: {$ref: '#/schema'}}\nschema: {type: string}\n"

    read = service(text, common=common)

    assert [each.address for each in read.channels] == ["a", "b"]
    assert [each.id for each in read.messages] == ["common.yaml#/message"]
    assert [each.payload for each in read.messages] == ["common.yaml#/schema"]
