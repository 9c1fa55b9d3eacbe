"""Schemas: AsyncAPI's dialect (a superset of JSON Schema draft 7), and what can be told of other formats."""

from __future__ import annotations

from functools import partial

from eda_gen.asyncapi.formats import is_asyncapi_dialect, schema_format
from eda_gen.asyncapi.grammar.common import EXTERNAL_DOCS
from eda_gen.asyncapi.grammar.types import (
    ANYTHING,
    BOOLEAN,
    TEXT,
    Choice,
    Entries,
    Findings,
    Items,
    Number,
    Object,
    RefOr,
    Switch,
    Type,
)
from eda_gen.asyncapi.schema_walk import KEYWORDS
from eda_gen.model import SchemaFormat
from eda_gen.source import Node
from eda_gen.source.reference import is_remote

__all__ = ["AVRO", "OBJECT_SCHEMA", "SCHEMA", "must_be_object", "schema_of_format"]

_SIMPLE_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_SIMPLE = Choice(_SIMPLE_TYPES)
_COUNT = Number(minimum=0)
_NUMBER = Number(integer=False)
_STRINGS = Items(TEXT, unique=True)


def _schema_or_boolean(node: Node) -> Type:
    return BOOLEAN if isinstance(node.value, bool) else _BODY


def _foreign_or_boolean(node: Node) -> Type:
    return BOOLEAN if isinstance(node.value, bool) else _FOREIGN_BODY


SCHEMA: Type = RefOr(Switch(_schema_or_boolean))
FOREIGN: Type = RefOr(Switch(_foreign_or_boolean))
"""Any other draft of JSON Schema, and OpenAPI's: keywords differ a little."""


def _is_schema(node: Node, findings: Findings) -> None:
    """An object without a single keyword of JSON Schema is something else in the place of a schema."""
    names = [name for name in node.fields if not name.startswith("x-")]
    if names and not KEYWORDS.intersection(names):
        shown = ", ".join(f"`{name}`" for name in names[:3])
        findings.report(
            "14",
            f"this is not a schema: {shown} {'is no keyword' if len(names) == 1 else 'are no keywords'}",
            node.span,
        )


def _discriminator_required(node: Node, findings: Findings) -> None:
    """The discriminator is a required property of the same schema (AsyncAPI 3.1, Schema Object, discriminator)."""
    named = node.get("discriminator")
    if named is None or named.text is None:
        return
    required, properties = node.get("required"), node.get("properties")
    if named.text not in [item.text for item in (required.items if required is not None else ())]:
        findings.report("13", f"the discriminator `{named.text}` is not in `required`", named.span)
    if properties is None or named.text not in properties.fields:
        findings.report("13", f"the discriminator `{named.text}` is not in `properties`", named.span)


def _fields(schema: Type, discriminator: Type, exclusive: Type) -> dict[str, Type]:
    """The keywords whose values can be checked; every other one may hold anything."""
    schemas, named = Items(schema, least=1), Entries(schema)
    return {
        "$id": TEXT,
        "$schema": TEXT,
        "$comment": TEXT,
        "title": TEXT,
        "description": TEXT,
        "type": Switch(lambda node: Items(_SIMPLE, unique=True, least=1) if isinstance(node.value, tuple) else _SIMPLE),
        "enum": Items(ANYTHING, least=1),
        "multipleOf": _NUMBER,
        "maximum": _NUMBER,
        "minimum": _NUMBER,
        "exclusiveMaximum": exclusive,
        "exclusiveMinimum": exclusive,
        "maxLength": _COUNT,
        "minLength": _COUNT,
        "pattern": TEXT,
        "format": TEXT,
        "items": Switch(lambda node: schemas if isinstance(node.value, tuple) else schema),
        "additionalItems": schema,
        "maxItems": _COUNT,
        "minItems": _COUNT,
        "uniqueItems": BOOLEAN,
        "contains": schema,
        "maxProperties": _COUNT,
        "minProperties": _COUNT,
        "required": _STRINGS,
        "properties": named,
        "patternProperties": named,
        "additionalProperties": schema,
        "propertyNames": schema,
        "dependencies": Entries(Switch(lambda node: _STRINGS if isinstance(node.value, tuple) else schema)),
        "definitions": named,
        "$defs": named,
        "if": schema,
        "then": schema,
        "else": schema,
        "allOf": schemas,
        "anyOf": schemas,
        "oneOf": schemas,
        "not": schema,
        "examples": Items(ANYTHING),
        "readOnly": BOOLEAN,
        "writeOnly": BOOLEAN,
        "contentEncoding": TEXT,
        "contentMediaType": TEXT,
        "discriminator": discriminator,
        "externalDocs": RefOr(EXTERNAL_DOCS),
        "deprecated": BOOLEAN,
    }


_BODY = Object("Schema Object", _fields(SCHEMA, TEXT, _NUMBER), open=True, rules=(_is_schema, _discriminator_required))
_FOREIGN_BODY = Object(
    "schema",
    _fields(FOREIGN, ANYTHING, Switch(lambda node: BOOLEAN if isinstance(node.value, bool) else _NUMBER)),
    open=True,
    rules=(_is_schema,),
)

_AVRO_RECORD = Object("Avro schema", {}, ("type",), open=True)
_AVRO_UNION = Items(ANYTHING, least=1)


def _avro(node: Node) -> Type:
    if node.is_mapping:
        return _AVRO_RECORD
    return _AVRO_UNION if isinstance(node.value, tuple) else TEXT


def _avro_or_elsewhere(node: Node) -> Type:
    """An Avro schema may stay on the network, where a registry keeps it: nobody reads it there, and a pass says so."""
    return ANYTHING if node.ref is not None and is_remote(node.ref.text or "") else RefOr(Switch(_avro))


AVRO: Type = Switch(_avro_or_elsewhere)


def must_be_object(field: str, node: Node, findings: Findings) -> None:
    """The schema in a field describes an object, where it says a type at all."""
    schema = findings.workspace.resolve(node.fields[field]) if field in node.fields else None
    written = schema.get("type") if schema is not None else None
    if written is not None and written.value != "object":
        findings.report("04", f"`{field}` describes an object: its `type` is `object`", written.span)


def _object_schema(node: Node, findings: Findings) -> None:
    _is_schema(node, findings)
    written = node.get("type")
    if node.ref is None and (written is None or written.value != "object" or node.get("properties") is None):
        span = written.span if written is not None else node.span
        findings.report("04", "the schema of a binding has the `type` `object` and `properties`", span)


OBJECT_SCHEMA: Type = RefOr(Object(_BODY.name, _BODY.fields, open=True, rules=(_object_schema,)))
"""What bindings of HTTP and WebSockets call a schema: of type `object`, with `properties`."""


def schema_of_format(media_type: str | None) -> Type:
    """The type of a schema in a format. Of formats that are not JSON's, only text or a mapping can be asked."""
    family = schema_format(media_type)
    if family is SchemaFormat.AVRO:
        return AVRO
    if family not in (SchemaFormat.JSON_SCHEMA, SchemaFormat.OPENAPI):
        return ANYTHING
    return SCHEMA if is_asyncapi_dialect(media_type) else FOREIGN


headers_are_object = partial(must_be_object, "headers")
"""Headers are an object (every version, Message Object)."""
