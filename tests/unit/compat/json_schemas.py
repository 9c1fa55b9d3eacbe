"""Bare JSON Schemas, bundled as the reader bundles them, for the tests of their comparison."""

from __future__ import annotations

from collections.abc import Mapping

from eda_gen.compat.difference import ContentModel, Difference
from eda_gen.compat.json_schema import compare_json_schemas
from eda_gen.diagnostics import Span
from eda_gen.model import Json, Schema, SchemaFormat, SchemaId

DOCUMENT = "schema.json"
ROOT = SchemaId(f"{DOCUMENT}#")


def bundled(schema: Json) -> dict[SchemaId, Schema]:
    """The schema and all that its `#/…` references lead to, each under its id."""
    found: dict[SchemaId, Schema] = {}
    waiting: list[tuple[SchemaId, Json]] = [(ROOT, schema)]
    while waiting:
        id, value = waiting.pop()
        if id not in found:
            found[id] = Schema(id, "it", SchemaFormat.JSON_SCHEMA, with_ids(value), Span(DOCUMENT))
            waiting.extend((SchemaId(DOCUMENT + each), target(schema, each)) for each in references(value))
    return found


def with_ids(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {
            name: DOCUMENT + each if name == "$ref" and isinstance(each, str) else with_ids(each)
            for name, each in value.items()
        }
    return [with_ids(each) for each in value] if isinstance(value, list) else value


def references(value: Json) -> list[str]:
    if isinstance(value, Mapping):
        own = value.get("$ref")
        inner = [each for member in value.values() for each in references(member)]
        return [own, *inner] if isinstance(own, str) else inner
    return [each for member in value for each in references(member)] if isinstance(value, list) else []


def target(schema: Json, reference: str) -> Json:
    value = schema
    for step in reference.removeprefix("#").split("/")[1:]:
        value = value[step] if isinstance(value, Mapping) else value[int(step)] if isinstance(value, list) else None
    return value


def compared(old: Json, new: Json, model: ContentModel = ContentModel.AS_WRITTEN) -> tuple[Difference, ...]:
    return compare_json_schemas((bundled(old), ROOT), (bundled(new), ROOT), model)
