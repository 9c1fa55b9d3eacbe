"""Payload and header schemas, by the language that they are written in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from eda_gen.compat.avro import compare_avro
from eda_gen.compat.difference import ContentModel, Difference, Direction, Place
from eda_gen.compat.json_schema import compare_json_schemas
from eda_gen.compat.protobuf import compare_protobuf
from eda_gen.compat.rules import rule
from eda_gen.model import Catalog, Json, Schema, SchemaFormat, SchemaId

__all__ = ["Schemas", "schemas_of"]

_JSON = (SchemaFormat.JSON_SCHEMA, SchemaFormat.OPENAPI)


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of two catalogs."""

    old: Mapping[SchemaId, Schema]
    new: Mapping[SchemaId, Schema]
    content_model: ContentModel
    unchanged: frozenset[SchemaId]
    """Those that are the same in both, with all that they refer to."""

    def compare(self, old: SchemaId, new: SchemaId) -> tuple[Difference, ...]:
        if old == new and old in self.unchanged:
            return ()
        was, now = self.old[old], self.new[new]
        if was.format in _JSON and now.format in _JSON:
            return compare_json_schemas((self.old, old), (self.new, new), self.content_model, self.unchanged)
        if was.format is not now.format:
            message = f"the schema language {was.format.value} became {now.format.value}"
            return (Difference(rule("schema-format"), Direction.CHANGES, message, Place.of(old), Place.of(new)),)
        if was.format is SchemaFormat.AVRO:
            return compare_avro((Place.of(old), was.body), (Place.of(new), now.body))
        if was.format is SchemaFormat.PROTOBUF:
            return compare_protobuf((Place.of(old), was.body), (Place.of(new), now.body))
        if was.body == now.body:
            return ()
        message = "the schema changed, and its language is not one that is compared"
        return (Difference(rule("not-comparable"), Direction.CHANGES, message, Place.of(old), Place.of(new)),)


def schemas_of(old: Catalog, new: Catalog, content_model: ContentModel) -> Schemas:
    return Schemas(old.schemas, new.schemas, content_model, _unchanged(old.schemas, new.schemas))


def _unchanged(old: Mapping[SchemaId, Schema], new: Mapping[SchemaId, Schema]) -> frozenset[SchemaId]:
    """Start from those whose text is the same, and strike those that refer to one that is struck."""
    same = {id for id in old.keys() & new.keys() if old[id] is new[id] or _text(old[id]) == _text(new[id])}
    users: dict[str, set[SchemaId]] = {}
    for id in same:
        for reference in _references(new[id].body):
            users.setdefault(reference, set()).add(id)
    struck = [user for reference, found in users.items() if reference not in same for user in found]
    while struck:
        id = struck.pop()
        if id in same:
            same.remove(id)
            struck += users.get(id, ())
    return frozenset(same)


def _text(schema: Schema) -> str:
    return schema.format.value + json.dumps(schema.body, sort_keys=True)


def _references(value: Json) -> list[str]:
    """Every `$ref` in a schema. One that is merely data strikes too much at worst, and costs time only."""
    found: list[str] = []
    waiting: list[Json] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            reference = each.get("$ref")
            found += [reference] if isinstance(reference, str) else []
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)
    return found
