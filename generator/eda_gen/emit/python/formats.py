"""Schemas of other languages as JSON Schema, by the readers of datamodel-code-generator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from eda_gen.diagnostics import Diagnostic, Result
from eda_gen.model import Json, Schema, SchemaFormat, SchemaId

if TYPE_CHECKING:
    from datamodel_code_generator.util import YamlValue

__all__ = ["as_json_schemas"]

_NAMED = ("definitions", "$defs")


def as_json_schemas(schemas: Iterable[Schema]) -> Result[Mapping[SchemaId, Schema]]:
    """Every schema as JSON Schema. Types that an Avro or Protobuf schema names become schemas of their own."""
    found: dict[SchemaId, Schema] = {}
    problems: list[Diagnostic] = []
    for schema in schemas:
        try:
            found |= {each.id: each for each in _converted(schema)}
        except Exception as failure:  # noqa: BLE001 - the readers raise whatever they meet in a user's schema
            problems.append(_problem(schema, failure))
    return Result(None if problems else found, tuple(problems))


def _converted(schema: Schema) -> Iterator[Schema]:
    if schema.format is SchemaFormat.AVRO:
        from datamodel_code_generator.parser.avro import convert_avro_schema_data

        yield from _taken_apart(schema, convert_avro_schema_data(_plain(schema.body)))
    elif schema.format is SchemaFormat.PROTOBUF:
        from datamodel_code_generator.parser.protobuf import convert_protobuf_schema_data

        yield from _taken_apart(schema, convert_protobuf_schema_data(schema.body))
    elif schema.format is SchemaFormat.OTHER:
        yield replace(schema, body=True)
    else:
        yield schema


def _taken_apart(schema: Schema, document: Mapping[str, Json]) -> Iterator[Schema]:
    yield replace(schema, body=_with_ids({k: v for k, v in document.items() if k not in _NAMED}, schema.id))
    for keyword in _NAMED:
        named = document.get(keyword)
        for name, body in named.items() if isinstance(named, Mapping) else ():
            yield replace(
                schema,
                id=_inner_id(schema.id, f"#/{keyword}/{name}"),
                name=f"{schema.name} {name}",
                body=_with_ids(body, schema.id),
            )


def _inner_id(outer: SchemaId, pointer: str) -> SchemaId:
    return SchemaId(outer + pointer.removeprefix("#"))


def _with_ids(body: Json, outer: SchemaId) -> Json:
    if isinstance(body, Mapping):
        target = body.get("$ref")
        known = {name: _with_ids(each, outer) for name, each in body.items()}
        return (
            {**known, "$ref": _inner_id(outer, target)}
            if isinstance(target, str) and target.startswith("#/")
            else known
        )
    return [_with_ids(each, outer) for each in body] if isinstance(body, list | tuple) else body


def _plain(value: Json) -> YamlValue:
    """The value in builtin types, which is what the library's readers take."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _problem(schema: Schema, failure: Exception) -> Diagnostic:
    reason = (str(failure).strip() or type(failure).__name__).splitlines()[0]
    advice = "install `grpcio-tools`, which reads Protobuf" if "grpc" in reason else None
    return Diagnostic("EDA192", f"this {schema.format.value} schema cannot be read: {reason}", schema.span, advice)
