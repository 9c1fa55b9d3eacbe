"""A message's schema as one text that a registry can hold, with all that it refers to inside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from eda_gen.model import Catalog, Json, Message, Schema, SchemaFormat, SchemaId

__all__ = ["MARK", "SchemaText", "SchemaType", "mark_of", "parsed", "schema_text"]

SchemaType: TypeAlias = Literal["JSON", "AVRO", "PROTOBUF"]

TYPES: Final[Mapping[SchemaFormat, SchemaType]] = {
    SchemaFormat.JSON_SCHEMA: "JSON",
    SchemaFormat.OPENAPI: "JSON",
    SchemaFormat.AVRO: "AVRO",
    SchemaFormat.PROTOBUF: "PROTOBUF",
}
DRAFT_7: Final = "http://json-schema.org/draft-07/schema#"
"""AsyncAPI's own dialect is a superset of it."""
MARK: Final = "x-eda"
"""The keyword in a pushed schema that names the CloudEvents type it is the payload of."""


@dataclass(frozen=True, slots=True)
class SchemaText:
    type: SchemaType
    text: str

    def same_as(self, other: SchemaText) -> bool:
        """Whether the two say the same, however they are written."""
        return self.type == other.type and parsed(self) == parsed(other)


def parsed(schema: SchemaText) -> Json:
    """The schema as a value; a `.proto` file's is its text without what only formats it."""
    if schema.type == "PROTOBUF":
        return "".join(schema.text.split())
    try:
        value: Json = json.loads(schema.text)
    except ValueError:
        return schema.text
    return value


def mark_of(schema: SchemaText) -> str | None:
    """The CloudEvents type that a pushed schema names."""
    body = parsed(schema)
    mark = body.get(MARK) if isinstance(body, Mapping) else None
    named = mark.get("type") if isinstance(mark, Mapping) else None
    return named if isinstance(named, str) else None


def schema_text(catalog: Catalog, message: Message) -> SchemaText | None:
    """What the registry holds of a message; `None` without a payload, or in a language that registries do not know."""
    schema = catalog.schemas[message.payload] if message.payload is not None else None
    if schema is None or schema.format not in TYPES:
        return None
    kind = TYPES[schema.format]
    if kind == "PROTOBUF":
        return SchemaText(kind, str(schema.body))
    mark: dict[str, Json] = {MARK: {"type": message.type}}
    if kind == "JSON":
        body: Json = _Bundle(catalog.schemas, schema).body(mark)
    else:
        body = {**schema.body, **mark} if isinstance(schema.body, Mapping) else schema.body
    return SchemaText(kind, json.dumps(_plain(body), ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class _Bundle:
    """A JSON Schema with the schemas that it refers to among its definitions, named as their components are."""

    schemas: Mapping[SchemaId, Schema]
    root: Schema
    names: dict[SchemaId, str] = field(default_factory=dict)

    def body(self, mark: Mapping[str, Json]) -> Json:
        written = self.root.body if isinstance(self.root.body, Mapping) else _of_boolean(self.root.body)
        dialect = written.get("$schema", DRAFT_7)
        keyword = "$defs" if "draft/20" in str(dialect) else "definitions"
        own = {name: each for name, each in written.items() if name not in ("$schema", "$defs", "definitions")}
        found: dict[str, Json] = {"$schema": dialect, **mark, **_mapping(self._rewritten(own, keyword))}
        definitions = self._definitions(keyword)
        return found | ({keyword: definitions} if definitions else {})

    def _definitions(self, keyword: str) -> dict[str, Json]:
        """Rewriting one may name the next."""
        found: dict[str, Json] = {}
        while waiting := [(id, name) for id, name in self.names.items() if name not in found]:
            found |= {name: self._rewritten(self.schemas[id].body, keyword) for id, name in waiting}
        return found

    def _rewritten(self, value: Json, keyword: str) -> Json:
        if isinstance(value, Mapping):
            return {name: self._member(name, each, keyword) for name, each in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._rewritten(each, keyword) for each in value]
        return value

    def _member(self, name: str, value: Json, keyword: str) -> Json:
        if name != "$ref" or not isinstance(value, str) or value not in self.schemas:
            return self._rewritten(value, keyword)
        id = SchemaId(value)
        if id == self.root.id:
            return "#"
        if id not in self.names:
            self.names[id] = self._free(self.schemas[id].name)
        return f"#/{keyword}/{self.names[id].replace('~', '~0').replace('/', '~1')}"

    def _free(self, name: str) -> str:
        taken, number, free = set(self.names.values()), 2, name
        while free in taken:
            free, number = f"{name}{number}", number + 1
        return free


def _of_boolean(value: Json) -> Mapping[str, Json]:
    return {"not": {}} if value is False else {}


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _plain(value: Json) -> Json:
    """Without the frozen kinds of the model, which `json` does not know."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
