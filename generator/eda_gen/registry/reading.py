"""A registered schema as the comparison takes one: references resolved, every part under an id of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eda_gen.diagnostics import Span
from eda_gen.model import Json, Schema, SchemaFormat, SchemaId
from eda_gen.registry.client import Registered, Registry
from eda_gen.registry.schemas import parsed
from eda_gen.source.node import unescape

__all__ = ["Readable", "document_of", "readable"]

_FORMATS = {"JSON": SchemaFormat.JSON_SCHEMA, "AVRO": SchemaFormat.AVRO, "PROTOBUF": SchemaFormat.PROTOBUF}


@dataclass(frozen=True, slots=True)
class Readable:
    """A schema, those that it refers to, and the texts that positions in them count in."""

    root: SchemaId
    schemas: Mapping[SchemaId, Schema]
    documents: Mapping[str, str]


def document_of(entry: Registered) -> str:
    """Its name among documents; those in JSON are called so, which decides how they are read."""
    name = f"{entry.subject}/versions/{entry.version}"
    return name if entry.schema.type == "PROTOBUF" else f"{name}.json"


def readable(entry: Registered, registry: Registry | None = None) -> Readable:
    """References to other subjects are followed by `registry`, where one is given."""
    reader = _Reader(registry)
    root = SchemaId(f"{reader.enter(entry)}#")
    return Readable(root, reader.schemas, reader.documents)


@dataclass(frozen=True, slots=True)
class _Reader:
    registry: Registry | None
    schemas: dict[SchemaId, Schema] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)

    def enter(self, entry: Registered) -> str:
        """Read an entry, unless it was read before; its document."""
        document = document_of(entry)
        if document in self.documents:
            return document
        body = parsed(entry.schema) if entry.schema.type != "PROTOBUF" else entry.schema.text
        self.documents[document] = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
        if entry.schema.type == "JSON":
            self._add(document, "#", body, body, self._elsewhere(entry))
        else:
            root = SchemaId(f"{document}#")
            self.schemas[root] = Schema(root, entry.subject, _FORMATS[entry.schema.type], body, Span(document))
        return document

    def _elsewhere(self, entry: Registered) -> Mapping[str, str]:
        """Ids of the schemas that references to other subjects lead to."""
        if self.registry is None:
            return {}
        others = {each.name: self.registry.version(each.subject, each.version) for each in entry.references}
        return {name: f"{self.enter(other)}#" for name, other in others.items()}

    def _add(self, document: str, place: str, value: Json, whole: Json, elsewhere: Mapping[str, str]) -> None:
        """A part of a document, and the parts that it refers to."""
        waiting = [(place, value)]
        while waiting:
            at, part = waiting.pop()
            id = SchemaId(document + at)
            if id in self.schemas:
                continue
            found: list[str] = []
            body = _with_ids(part, document, elsewhere, found)
            self.schemas[id] = Schema(id, at, SchemaFormat.JSON_SCHEMA, body, Span(document))
            waiting += [(each, _at(whole, each)) for each in found]


def _with_ids(value: Json, document: str, elsewhere: Mapping[str, str], found: list[str]) -> Json:
    """The schema with the ids of schemas for references; `found` gets those within the document."""
    if isinstance(value, Mapping):
        return {
            name: (
                _id_of(each, document, elsewhere, found)
                if name == "$ref" and isinstance(each, str)
                else _with_ids(each, document, elsewhere, found)
            )
            for name, each in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_with_ids(each, document, elsewhere, found) for each in value]
    return value


def _id_of(reference: str, document: str, elsewhere: Mapping[str, str], found: list[str]) -> str:
    if reference.startswith("#"):
        found.append(reference)
        return document + reference
    return elsewhere.get(reference, reference)


def _at(value: Json, reference: str) -> Json:
    for step in reference.removeprefix("#").split("/")[1:]:
        if isinstance(value, Mapping):
            value = value.get(unescape(step))
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
