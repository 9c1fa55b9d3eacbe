"""Where a JSON Schema holds schemas, and where it holds data that only looks like them."""

from __future__ import annotations

__all__ = ["EITHER", "KEYWORDS", "LISTS", "MAPS", "MIXED_MAPS", "SINGLE"]

SINGLE = frozenset(
    [
        "not",
        "additionalProperties",
        "additionalItems",
        "contains",
        "propertyNames",
        "if",
        "then",
        "else",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contentSchema",
    ]
)
LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
MAPS = frozenset(("properties", "patternProperties", "definitions", "$defs", "dependentSchemas"))
EITHER = frozenset(("items",))
MIXED_MAPS = frozenset(("dependencies",))

_OTHERS = frozenset(
    [
        "$id",
        "$schema",
        "$ref",
        "$anchor",
        "$comment",
        "$dynamicRef",
        "$dynamicAnchor",
        "$recursiveRef",
        "$recursiveAnchor",
        "$vocabulary",
        "title",
        "description",
        "deprecated",
        "default",
        "examples",
        "readOnly",
        "writeOnly",
        "type",
        "enum",
        "const",
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum",
        "maxLength",
        "minLength",
        "pattern",
        "format",
        "contentEncoding",
        "contentMediaType",
        "maxItems",
        "minItems",
        "uniqueItems",
        "maxContains",
        "minContains",
        "maxProperties",
        "minProperties",
        "required",
        "dependentRequired",
        "discriminator",
        "externalDocs",
        "nullable",
        "example",
        "xml",
    ]
)

KEYWORDS = SINGLE | LISTS | MAPS | EITHER | MIXED_MAPS | _OTHERS
"""All keywords of JSON Schema since draft 4, of AsyncAPI's dialect and of OpenAPI's."""
