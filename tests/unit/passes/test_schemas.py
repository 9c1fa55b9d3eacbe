"""Schemas are bundled: each once, under its place, and every reference is one of their ids."""

from __future__ import annotations

import pytest
from tests.reading import HEAD, catalog

from eda_gen.model import SchemaFormat, SchemaId

SHARED = HEAD + """
channels:
  a:
    messages:
      A: {payload: {$ref: '#/components/schemas/A'}}
      B: {payload: {type: object, properties: {money: {$ref: 'common.yaml#/Money', description: How much.}}}}
components:
  schemas:
    A: {properties: {money: {$ref: 'common.yaml#/Money'}, tree: {$ref: '#/components/schemas/Tree'}}}
    Tree: {properties: {children: {type: array, items: {$ref: '#/components/schemas/Tree'}}}}
"""
COMMON = "Money: {type: object, properties: {amount: {$ref: '#/Amount'}}}\nAmount: {type: string}\n"


def test_every_reference_is_the_id_of_a_schema_of_the_catalog() -> None:
    schemas = catalog(SHARED, common=COMMON).schemas

    assert {key: each.body for key, each in schemas.items()} == {
        "spec.yaml#/components/schemas/A": {
            "properties": {
                "money": {"$ref": "common.yaml#/Money"},
                "tree": {"$ref": "spec.yaml#/components/schemas/Tree"},
            }
        },
        "spec.yaml#/components/schemas/Tree": {
            "properties": {"children": {"type": "array", "items": {"$ref": "spec.yaml#/components/schemas/Tree"}}}
        },
        "spec.yaml#/channels/a/messages/B/payload": {
            "type": "object",
            "properties": {"money": {"$ref": "common.yaml#/Money", "description": "How much."}},
        },
        "common.yaml#/Money": {"type": "object", "properties": {"amount": {"$ref": "common.yaml#/Amount"}}},
        "common.yaml#/Amount": {"type": "string"},
    }


def test_schemas_are_called_by_their_key_or_their_message() -> None:
    names = {str(key): each.name for key, each in catalog(SHARED, common=COMMON).schemas.items()}

    assert names["common.yaml#/Money"] == "Money"
    assert names["spec.yaml#/channels/a/messages/B/payload"] == "B"


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("#/components/schemas/Order", "Order"),
        ("#/components/schemas/Order/properties/lines/items", "OrderLines"),
        ("#/components/schemas/Order/items", "OrderItems"),
        ("#/components/schemas/Order/definitions/Line", "Line"),
        ("#/components/messages/Placed/payload", "Placed"),
        ("#/Order", "Order"),
        ("#/Order/allOf/0", "Order0"),
        ("", "common"),
    ],
)
def test_a_schema_that_is_referred_to_is_called_by_its_place(pointer: str, name: str) -> None:
    inner = "{properties: {lines: {items: {type: string}}}, items: {}, allOf: [{}], definitions: {Line: {}}}"
    common = f"components: {{schemas: {{Order: {inner}}}, messages: {{Placed: {{payload: {{}}}}}}}}\nOrder: {inner}\ntype: object\n"
    text = HEAD + f"channels: {{a: {{messages: {{M: {{payload: {{$ref: 'common.yaml{pointer}'}}}}}}}}}}\n"

    assert [each.name for each in catalog(text, common=common).schemas.values()] == [name]


def test_names_of_places_inside_a_schema_do_not_stay() -> None:
    text = HEAD + "channels: {a: {messages: {M: {payload: {$id: 'http://a.example/b', type: object}}}}}\n"

    (schema,) = catalog(text).schemas.values()

    assert schema.body == {"type": "object"}


def test_a_whole_file_is_called_by_its_name() -> None:
    text = HEAD + "channels: {a: {messages: {M: {payload: {$ref: 'user.yaml'}}}}}\n"

    schema = catalog(text, user="{type: object}").schemas[SchemaId("user.yaml#")]

    assert schema.name == "user"


def test_what_only_looks_like_a_reference_stays() -> None:
    text = HEAD + (
        "channels: {a: {messages: {M: {payload: {properties: {$ref: {type: string}}, "
        "examples: [{$ref: '#/nowhere'}], const: {$ref: '#/nowhere'}}}}}}\n"
    )

    (schema,) = catalog(text).schemas.values()

    assert schema.body == {
        "properties": {"$ref": {"type": "string"}},
        "examples": [{"$ref": "#/nowhere"}],
        "const": {"$ref": "#/nowhere"},
    }


def test_a_reference_to_a_multi_format_schema_leads_to_its_schema() -> None:
    text = HEAD + """
channels: {a: {messages: {M: {payload: {$ref: '#/components/schemas/User'}}}}}
components:
  schemas:
    User: {schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: {type: record, name: User, fields: []}}
"""
    read = catalog(text)
    schema = read.schemas[next(iter(read.schemas))]

    assert (schema.id, schema.name, schema.format) == (
        "spec.yaml#/components/schemas/User/schema",
        "User",
        SchemaFormat.AVRO,
    )


def test_a_protobuf_schema_is_its_text() -> None:
    text = HEAD + """
channels:
  a:
    messages:
      M: {payload: {schemaFormat: application/vnd.google.protobuf;version=3, schema: 'message M {}'}}
"""
    (schema,) = catalog(text).schemas.values()

    assert (schema.format, schema.body, schema.name) == (SchemaFormat.PROTOBUF, "message M {}", "M")


def test_a_message_without_a_payload_has_no_schema() -> None:
    read = catalog(HEAD + "channels: {a: {messages: {M: {}}}}\n")

    assert read.services[0].messages[0].payload is None
    assert not read.schemas
