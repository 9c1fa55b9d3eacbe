"""Where a JSON Schema holds schemas, and where it holds data that only looks like them."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.source import Node

__all__ = ["ANNOTATIONS", "KEYWORDS", "subschemas"]

SINGLE = frozenset(
    ("not", "additionalProperties", "additionalItems", "contains", "propertyNames", "if", "then", "else")
    + ("unevaluatedItems", "unevaluatedProperties", "contentSchema")
)
LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
MAPS = frozenset(("properties", "patternProperties", "definitions", "$defs", "dependentSchemas"))
EITHER = frozenset(("items",))
MIXED_MAPS = frozenset(("dependencies",))

ANNOTATIONS = frozenset(("title", "description", "deprecated", "default", "examples", "readOnly", "writeOnly", "$comment"))
"""Keywords that say something to people and tools, and refuse no value."""

KEYWORDS = (
    SINGLE
    | LISTS
    | MAPS
    | EITHER
    | MIXED_MAPS
    | ANNOTATIONS
    | frozenset(
        ("$id", "$schema", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "$vocabulary")
        + ("type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum")
        + ("maxLength", "minLength", "pattern", "format", "contentEncoding", "contentMediaType", "maxItems", "minItems")
        + ("uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties", "required", "dependentRequired")
        + ("discriminator", "externalDocs", "nullable", "example", "xml")
    )
)
"""All keywords of JSON Schema since draft 4, of AsyncAPI's dialect and of OpenAPI's."""


def subschemas(schema: Node) -> Iterator[Node]:
    """The schemas directly inside a schema."""
    for keyword, value in schema.fields.items():
        if keyword in SINGLE or (keyword in EITHER and not value.items):
            yield value
        elif keyword in LISTS or keyword in EITHER:
            yield from value.items
        elif keyword in MAPS:
            yield from value.fields.values()
        elif keyword in MIXED_MAPS:
            yield from (each for each in value.fields.values() if not each.items)
