"""Payload and header schemas, bundled: every `$ref` in a body is a `SchemaId` of the same catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NewType, TypeAlias

from eda_gen.diagnostics import Span

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"

SchemaId = NewType("SchemaId", str)
"""`<document, relative to the workspace>#<JSON pointer>` of the place where the schema is written."""


class SchemaFormat(Enum):
    """What a Multi Format Schema Object's `schemaFormat` says, by family (AsyncAPI 3.1, Multi Format Schema Object)."""

    JSON_SCHEMA = "json-schema"
    """AsyncAPI's own dialect (a superset of draft 7) and plain JSON Schema."""
    OPENAPI = "openapi"
    AVRO = "avro"
    PROTOBUF = "protobuf"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Schema:
    """One schema as written, with references bundled.

    `name` is what a person would call it: the component's key, or, for a schema written inline, its message's name.
    `body` is a JSON Schema, an Avro record as JSON, or the text of a `.proto` file, by `format`.
    """

    id: SchemaId
    name: str
    format: SchemaFormat
    body: Json
    span: Span
