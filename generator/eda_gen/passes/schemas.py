"""Schemas, gathered and bundled: each once, under the place where it is written."""

from __future__ import annotations

from eda_gen.asyncapi.formats import schema_format
from eda_gen.asyncapi.schema_walk import EITHER, KEYWORDS, LISTS, MAPS, MIXED_MAPS, SINGLE
from eda_gen.diagnostics import Severity
from eda_gen.model import Json, Schema, SchemaFormat, SchemaId
from eda_gen.passes.context import Context
from eda_gen.source import Node
from eda_gen.source.node import unescape

__all__ = ["SchemaTable"]

_BESIDE_A_REFERENCE = frozenset(("description", "deprecated"))
_GONE = frozenset(("$id", "$anchor"))
"""Places that references could name; in a bundle they name ids of the catalog."""

_JSON_LIKE = frozenset((SchemaFormat.JSON_SCHEMA, SchemaFormat.OPENAPI))
_WRAPPERS = frozenset(("schema", "payload", "headers"))
_CONTAINERS = frozenset(("schemas", "messages", "definitions", "$defs"))


class SchemaTable:
    """The schemas met so far, with all that they refer to."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: list[tuple[Node, SchemaFormat]] = []
        self._known: set[SchemaId] = set()
        self._names: dict[SchemaId, str] = {}
        self.schemas: dict[SchemaId, Schema] = {}

    def take(self, field: Node | None, name: str) -> SchemaId | None:
        """Add what a `payload` or `headers` field holds; `None` where there is nothing to read.

        `name` is what a schema is called that is written inline.
        """
        outer = self._context.resolve_payload(field) if field is not None else None
        if field is None or outer is None:
            return None
        media_type, body = _unwrap(outer)
        family = schema_format(media_type)
        if family is SchemaFormat.OTHER:
            message = f"schemas of the format `{media_type}` are not read: any payload is accepted"
            self._context.report("EDA130", message, body.span, severity=Severity.WARNING)
        written = body if family is SchemaFormat.OTHER else self._context.resolve_payload(body, family)
        if written is None:
            return None
        inline = written is field or (outer is field and written is body)
        found = self._refer(written, family, name if inline else None)
        self._drain()
        return found

    def _refer(self, node: Node, family: SchemaFormat, name: str | None = None) -> SchemaId:
        schema_id = SchemaId(node.id)
        if schema_id not in self._known:
            self._known.add(schema_id)
            self._names[schema_id] = name or _name_of_place(node)
            self._waiting.append((node, family))
        return schema_id

    def _drain(self) -> None:
        while self._waiting:
            node, family = self._waiting.pop()
            schema_id = SchemaId(node.id)
            body = self._bundled(node, family) if family in _JSON_LIKE else node.plain()
            self.schemas[schema_id] = Schema(schema_id, self._names[schema_id], family, body, node.span)

    def _bundled(self, schema: Node, family: SchemaFormat) -> Json:
        """The schema as JSON, each `$ref` in it the id of a schema in this table."""
        if schema.ref is not None:
            return self._reference(schema, family)
        if not schema.is_mapping:
            return schema.plain()
        kept = ((keyword, value) for keyword, value in schema.fields.items() if keyword not in _GONE)
        return {keyword: self._keyword(keyword, value, family) for keyword, value in kept}

    def _keyword(self, keyword: str, value: Node, family: SchemaFormat) -> Json:
        if keyword in MAPS or keyword in MIXED_MAPS:
            return {name: self._bundled_or_names(each, family) for name, each in value.fields.items()}
        if keyword in LISTS or (keyword in EITHER and value.items):
            return [self._bundled(each, family) for each in value.items]
        return self._bundled(value, family) if keyword in SINGLE or keyword in EITHER else value.plain()

    def _bundled_or_names(self, value: Node, family: SchemaFormat) -> Json:
        return value.plain() if value.items else self._bundled(value, family)

    def _reference(self, schema: Node, family: SchemaFormat) -> Json:
        target = self._context.resolve(schema)
        if target is None:
            return True
        _, written = _unwrap(target)
        found = self._context.resolve(written) or written
        kept = {name: value.plain() for name, value in schema.fields.items() if name in _BESIDE_A_REFERENCE}
        return {"$ref": self._refer(found, family), **kept}


def _unwrap(node: Node) -> tuple[str | None, Node]:
    """The media type and the schema of a Multi Format Schema Object; a plain schema is its own."""
    media_type, schema = node.text_at("schemaFormat"), node.get("schema")
    return (media_type, schema) if media_type is not None and schema is not None else (None, node)


def _name_of_place(node: Node) -> str:
    """What a person would call a place: a component's key, with the names on the way from there; a whole file's name."""
    steps = [unescape(step) for step in node.pointer.split("/")[1:]]
    while steps and steps[-1] in _WRAPPERS:
        steps.pop()
    if not steps:
        return node.file.rsplit("/", 1)[-1].split(".", 1)[0]
    start = _start_of_name(steps)
    chosen, below = steps[start], steps[start + 1 :]
    named = [step for step in below if step not in KEYWORDS and not step.isdecimal()] or below[-1:]
    return chosen + "".join(step[:1].upper() + step[1:] for step in named)


def _start_of_name(steps: list[str]) -> int:
    """The step after the last container of named schemas; without one, that before the first keyword, else the last."""
    containers = [at for at, step in enumerate(steps[:-1]) if step in _CONTAINERS]
    if containers:
        return containers[-1] + 1
    keywords = (at for at, step in enumerate(steps[1:]) if step in KEYWORDS)
    return next(keywords, len(steps) - 1)
